#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

// Elementwise questions about numbers: bool tensors, as of ops/compare.h, without a gradient. An i32 is
// finite.

Tensor isnan(const Operand& x);
Tensor isinf(const Operand& x);     ///< of either sign
Tensor isfinite(const Operand& x);  ///< neither infinite nor NaN

}  // namespace sluice
