#include <sluice/graph/call.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/select.h>
#include <sluice/ops/slice.h>

#include <fmt/format.h>

namespace sluice {

Tensor select(const Operand& x, Index axis, Index i) {
  const detail::Call call("select", x.where());
  const Tensor tensor = x.tensor();
  const Index normal = normal_axis(axis, tensor.rank(), "select");
  const Index length = tensor.shape()[normal];
  if (i < -length || i >= length) {
    throw ShapeError(fmt::format(
        "[select] the place must lie in {}..{} on axis {} of {}: got {}; the first is 0, the last -1",
        -length, length - 1, normal, tensor.shape().text(), i));
  }
  const Index begin = i < 0 ? i + length : i;
  return reshape(slice(tensor, normal, begin, begin + 1), tensor.shape().erased(normal));
}

Tensor Tensor::operator[](const detail::Place& i) const {
  const detail::Call call("row", i.where);
  if (rank() == 0) {
    throw ShapeError(fmt::format("[row] a scalar has no rows: got [{}] of {}; use the tensor itself", i.index,
                                 spec().text()));
  }
  return select(*this, 0, i.index);
}

}  // namespace sluice
