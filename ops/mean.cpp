#include <sluice/graph/arithmetic.h>
#include <sluice/ops/mean.h>
#include <sluice/ops/sum.h>

#include <fmt/format.h>

namespace sluice {

Tensor mean(const Operand& x, const Axes& axes, bool keep) {
  const detail::Call call("mean", x.where());
  const Tensor tensor = x.tensor();
  if (!is_floating(tensor.dtype())) {
    throw ShapeError(fmt::format("[mean] needs a floating tensor: got {}; cast it", tensor.spec().text()));
  }
  const detail::AxisSet set = detail::axis_set(axes, tensor.rank(), "mean");
  double count = 1;
  for (Index axis = 0; axis < tensor.rank(); ++axis) {
    if (detail::has_axis(set, axis)) count *= static_cast<double>(tensor.shape()[axis]);
  }
  return sum(tensor, axes, keep) / count;
}

}  // namespace sluice
