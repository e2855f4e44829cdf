#include <sluice/ops/axes.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/select.h>
#include <sluice/ops/slice.h>

#include <fmt/format.h>

namespace sluice {

Tensor select(const Operand& x, Index axis, Index i) {
  const Tensor tensor = x.tensor();
  return detail::located(x.where(), [&] {
    const Index normal = normal_axis(axis, tensor.rank(), "select");
    const Index length = tensor.shape()[normal];
    if (i < -length || i >= length) {
      throw ShapeError(fmt::format("[select] the place must lie in {}..{} on axis {} of {}: got {}", -length,
                                   length - 1, normal, tensor.shape().text(), i));
    }
    const Index begin = i < 0 ? i + length : i;
    const Tensor part = slice(x, normal, begin, begin + 1);
    return reshape(Operand(part, x.where()), tensor.shape().erased(normal));
  });
}

}  // namespace sluice
