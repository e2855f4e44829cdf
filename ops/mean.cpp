#include <sluice/graph/arithmetic.h>
#include <sluice/ops/mean.h>
#include <sluice/ops/sum.h>

#include <fmt/format.h>

namespace sluice {

Tensor mean(const Operand& x, const Axes& axes, bool keep) {
  const Tensor tensor = x.tensor();
  return detail::located(x.where(), [&] {
    if (!is_floating(tensor.dtype())) {
      throw ShapeError(fmt::format("[mean] needs a floating tensor: got {}; cast it", tensor.spec().text()));
    }
    const detail::AxisSet set = detail::axis_set(axes, tensor.rank(), "mean");
    double count = 1;
    for (Index axis = 0; axis < tensor.rank(); ++axis) {
      if (detail::has_axis(set, axis)) count *= static_cast<double>(tensor.shape()[axis]);
    }
    const Tensor total = sum(Operand(tensor, x.where()), axes, keep);
    return Operand(total, x.where()) / Operand(count, x.where());
  });
}

}  // namespace sluice
