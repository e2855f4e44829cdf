#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// log(sigmoid(x)), as -softplus(-x): exact far below 0, where sigmoid(x) vanishes, and above, where it is 1.
/// Floating-point. Gradient: dy sigmoid(-x).
Tensor log_sigmoid(const Operand& x);

}  // namespace sluice
