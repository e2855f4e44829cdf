#include <sluice/graph/arithmetic.h>
#include <sluice/graph/call.h>
#include <sluice/ops/group_norm.h>
#include <sluice/ops/layer_norm.h>
#include <sluice/ops/reshape.h>

#include <fmt/format.h>

namespace sluice {

Tensor group_norm(const Operand& x, Index groups, double epsilon) {
  const detail::Call call("group_norm", x.where());
  const Tensor tensor = x.tensor();
  if (tensor.rank() == 0)
    throw ShapeError("[group_norm] normalises parts of the last axis: got a scalar; reshape it");
  const Index channels = tensor.dim(-1);
  if (groups < 1 || channels % groups != 0) {
    throw ShapeError(fmt::format(
        "[group_norm] the groups, one at least, divide the channels, the last axis: got {} groups "
        "for {}; choose a divisor of {}",
        groups, tensor.spec().text(), channels));
  }
  const Index last = tensor.rank() - 1;
  const Shape parts = tensor.shape().with(last, groups).inserted(last + 1, channels / groups);
  return reshape(layer_norm(reshape(tensor, parts), epsilon), tensor.shape());
}

Tensor group_norm(const Operand& x, Index groups, const Operand& weight, const Operand& bias,
                  double epsilon) {
  const detail::Call call("group_norm", x.where());
  const Tensor tensor = x.tensor();
  const Tensor scale = weight.tensor(tensor.dtype());
  const Tensor shift = bias.tensor(tensor.dtype());
  const Tensor y = group_norm(tensor, groups, epsilon);
  const Shape row{tensor.dim(-1)};
  if (!(scale.shape() == row) || !(shift.shape() == row)) {
    throw ShapeError(
        fmt::format("[group_norm] weight and bias must be vectors as long as the last axis: got {} and {} "
                    "for {}; reshape them",
                    scale.shape().text(), shift.shape().text(), tensor.shape().text()));
  }
  return y * scale + shift;
}

}  // namespace sluice
