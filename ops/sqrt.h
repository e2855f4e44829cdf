#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The square root; NaN below 0. Gradient: dy / (2 sqrt(x)), infinite at 0.
Tensor sqrt(const Operand& x);

}  // namespace sluice
