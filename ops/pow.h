#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// a^b, elementwise, as std::pow: NaN for a negative a unless b is an integer; 1 for b = 0, for any a. A
/// number as exponent gives the cheaper op `power`. Gradients: for a, dy b a^(b-1), and 0 where b is 0; for
/// b, dy a^b log(a), and 0 where a^b is 0, or a is 0 and b is not negative; NaN for b and a negative a.
/// Throws ShapeError for a number that the dtype of the other operand cannot represent.
Tensor pow(const Operand& a, const Operand& b);

}  // namespace sluice
