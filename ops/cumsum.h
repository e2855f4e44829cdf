#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// Running sums along an axis: y_i = x_0 + ... + x_i or, reversed, x_i + ... + x_{n-1}. Floating-point or
/// i32. Gradient: the cumsum of dy in the other direction. Throws ShapeError for an axis out of range and for
/// bool.
Tensor cumsum(const Operand& x, Index axis = -1, bool reverse = false);

}  // namespace sluice
