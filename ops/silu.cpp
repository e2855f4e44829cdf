#include <sluice/graph/arithmetic.h>
#include <sluice/ops/sigmoid.h>
#include <sluice/ops/silu.h>

namespace sluice {

Tensor silu(const Operand& x) {
  const detail::Call call("silu", x.where());
  const Tensor tensor = x.tensor();
  return tensor * sigmoid(tensor);
}

}  // namespace sluice
