#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// x y, but 0 where y is 0, for any x, including infinity and NaN. Floating-point. Gradients:
/// multiply_no_nan(dy_out, y) for x, multiply_no_nan(x, dy_out) for y. So a term with weight zero contributes
/// nothing to values or gradients: masks, probabilities times their logarithms, slopes of saturated
/// functions.
Tensor multiply_no_nan(const Operand& x, const Operand& y);

}  // namespace sluice
