#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// x y, but 0 where y is 0, whatever x is: infinity or NaN included. Floating. Gradients: dy_out times y for
/// x, which is 0 where y is, and x times dy_out for y, which is 0 where dy_out is. What is weighted with zero
/// takes no part, then, neither in a value nor in a gradient: masks, probabilities times their logarithms,
/// slopes of saturated functions.
Tensor multiply_no_nan(const Operand& x, const Operand& y);

}  // namespace sluice
