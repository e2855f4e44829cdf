#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

// The arithmetic that belongs to the type itself. The gradient walk needs it to sum contributions; it is
// defined with the other operations in ops/. Shapes broadcast by NumPy's rule, dtypes must be equal.

Tensor operator+(const Operand& a, const Operand& b);  ///< a + b
Tensor operator-(const Operand& a, const Operand& b);  ///< a - b
Tensor operator*(const Operand& a, const Operand& b);  ///< a * b, elementwise
Tensor operator/(const Operand& a, const Operand& b);  ///< a / b; integers are rounded towards zero
Tensor operator-(const Operand& x);                    ///< -x

/// Sums x down to `shape`, from which it could have been broadcast: the reverse of broadcasting. x itself
/// when the shape is its own already.
Tensor sum_to(const Tensor& x, const Shape& shape, Location where = Location::current());

}  // namespace sluice
