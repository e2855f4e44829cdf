#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// x where x > 0, else alpha (e^x - 1). Gradient: dy, or alpha e^x dy where x <= 0.
/// Clevert et al. 2015, "Fast and Accurate Deep Network Learning by Exponential Linear Units".
Tensor elu(const Operand& x, double alpha = 1);

}  // namespace sluice
