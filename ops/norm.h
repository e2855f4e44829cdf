#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// y = sqrt(sum_i x_i^2) over all elements, a float64 scalar: the Euclidean norm of a tensor as one vector.
/// Squares are added in float64, scaled by the largest element if they would overflow or vanish, so the norm
/// is accurate for every x whose norm a float64 holds. Gradient: dy x / y, 0 at x = 0, NaN for an infinite x.
/// Throws ShapeError for i32 and bool.
Tensor norm(const Operand& x);

}  // namespace sluice
