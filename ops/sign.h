#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// -1, 0 or 1; 0 for NaN. Gradient: 0.
Tensor sign(const Operand& x);

}  // namespace sluice
