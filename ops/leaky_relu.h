#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// x where x > 0, else slope x. Gradient: dy, or slope dy where x <= 0.
Tensor leaky_relu(const Operand& x, double slope = 0.01);

}  // namespace sluice
