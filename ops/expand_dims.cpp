#include <sluice/graph/call.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/reshape.h>

namespace sluice {

Tensor expand_dims(const Operand& x, Index axis) {
  const detail::Call call("expand_dims", x.where());
  const Tensor tensor = x.tensor();
  return reshape(tensor, tensor.shape().inserted(normal_axis(axis, tensor.rank() + 1, "expand_dims"), 1));
}

}  // namespace sluice
