#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// a^b, elementwise, as std::pow: NaN for a negative a unless b is whole; 1 for b = 0, whatever a is. A
/// number as exponent makes the cheaper op `power`. Gradients: for a, dy b a^(b-1), and 0 where b is 0; for
/// b, dy a^b log(a), and 0 where a is 0 and b is not negative. Throws ShapeError for a number that the other
/// operand's dtype does not have.
Tensor pow(const Operand& a, const Operand& b);

}  // namespace sluice
