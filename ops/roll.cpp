#include <sluice/graph/call.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/roll.h>
#include <sluice/ops/slice.h>

namespace sluice {

Tensor roll(const Operand& x, Index shift, Index axis) {
  const detail::Call call("roll", x.where());
  Tensor tensor = x.tensor();
  const Index normal = normal_axis(axis, tensor.rank(), "roll");
  const Index length = tensor.shape()[normal];
  if (length == 0 || shift % length == 0) return tensor;
  const Index moved = (shift % length + length) % length;
  return concat({slice(tensor, normal, length - moved), slice(tensor, normal, 0, length - moved)}, normal);
}

}  // namespace sluice
