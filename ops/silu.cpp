#include <sluice/graph/arithmetic.h>
#include <sluice/ops/sigmoid.h>
#include <sluice/ops/silu.h>

namespace sluice {

Tensor silu(const Operand& x) { return x * sigmoid(x); }

}  // namespace sluice
