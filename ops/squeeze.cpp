#include <sluice/ops/reshape.h>
#include <sluice/ops/squeeze.h>

#include <fmt/format.h>

namespace sluice {

Tensor squeeze(const Operand& x, const Axes& axes) {
  const detail::Call call("squeeze", x.where());
  const Tensor tensor = x.tensor();
  detail::AxisSet set = detail::axis_set(axes, tensor.rank(), "squeeze");
  for (Index axis = 0; axis < tensor.rank(); ++axis) {
    if (!detail::has_axis(set, axis) || tensor.shape()[axis] == 1) continue;
    if (!axes.all()) {
      throw ShapeError(
          fmt::format("[squeeze] only axes of length 1 can go: got axis {} of {}; use select to take one "
                      "place of it",
                      axis, tensor.shape().text()));
    }
    set &= ~(detail::AxisSet{1} << axis);
  }
  return reshape(tensor, detail::reduced_shape(tensor.shape(), set, false));
}

}  // namespace sluice
