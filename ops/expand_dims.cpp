#include <sluice/ops/axes.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/reshape.h>

namespace sluice {

Tensor expand_dims(const Operand& x, Index axis) {
  const Tensor tensor = x.tensor();
  return detail::located(x.where(), [&] {
    return reshape(x, tensor.shape().inserted(normal_axis(axis, tensor.rank() + 1, "expand_dims"), 1));
  });
}

}  // namespace sluice
