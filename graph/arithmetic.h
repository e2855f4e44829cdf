#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

// The arithmetic operators of Tensor. They are declared here because the gradient walk sums contributions
// with them, and defined in ops/. Shapes broadcast by NumPy's rule; dtypes must be equal. Floating-point
// arithmetic follows IEEE 754: inf - inf, 0 * inf, 0 / 0 and inf / inf are NaN, here and in gradients (dy *
// b for a product, -dy * y / b for a quotient). int32 wraps around.

Tensor operator+(const Operand& a, const Operand& b);  ///< a + b
Tensor operator-(const Operand& a, const Operand& b);  ///< a - b
Tensor operator*(const Operand& a, const Operand& b);  ///< a * b, elementwise
Tensor operator/(const Operand& a, const Operand& b);  ///< a / b; integer division rounds towards zero
Tensor operator-(const Operand& x);                    ///< -x

/// Sums x down to `shape`, which must broadcast to the shape of x: the reverse of broadcasting. Returns x
/// itself if it already has the shape.
Tensor sum_to(const Tensor& x, const Shape& shape, Location where = Location::current());

}  // namespace sluice
