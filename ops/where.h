#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// a where the condition holds, else b; elementwise, all three broadcast together. The condition is bool, a
/// and b have one dtype, any; a number takes that of the other. The unselected value may be infinite or NaN.
/// Gradient: for a, where(condition, dy, 0); for b, where(condition, 0, dy). If the unselected branch has an
/// infinite slope, its gradient is 0 * inf = NaN: make its argument finite with another `where`.
Tensor where(const Operand& condition, const Operand& a, const Operand& b);

}  // namespace sluice
