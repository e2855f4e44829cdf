#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// a where the condition holds, else b; elementwise, all three broadcast together. The condition is bool, a
/// and b have one dtype, any; a number takes that of the other. The unselected value may be infinite or
/// NaN. Gradient: for a, where(condition, dy, 0); for b, where(condition, 0, dy). These zeros stay zero
/// even if the unselected branch has an infinite or NaN slope (see vjp).
Tensor where(const Operand& condition, const Operand& a, const Operand& b);

}  // namespace sluice
