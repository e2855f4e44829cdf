#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// x sigmoid(x), also called swish. Gradient: dy (s + x s (1 - s)), with s = sigmoid(x).
/// Ramachandran et al. 2017, "Searching for Activation Functions".
Tensor silu(const Operand& x);

}  // namespace sluice
