#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// What is left of a after taking away whole multiples of b, elementwise: a - b q. Floating-point or i32.
///
/// remainder: q = floor(a / b), so the result has the sign of b, as Python's % and torch.remainder:
/// remainder(-1, 3) is 2. For a tiny a of the other sign it may round to b itself.
/// fmod: q = trunc(a / b), so the result has the sign of a, as C's % and fmod: fmod(-1, 3) is -1. It is
/// exact.
///
/// NaN for b = 0 and for an infinite a. Gradient, away from the jumps: dy for a, -q dy for b, NaN for b where
/// the result is infinite or NaN. At run time an i32 throws Error for b = 0.
Tensor remainder(const Operand& a, const Operand& b);
Tensor fmod(const Operand& a, const Operand& b);

}  // namespace sluice
