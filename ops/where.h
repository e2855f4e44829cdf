#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// a where the condition holds, else b; elementwise, all three broadcast together. The condition is bool, a
/// and b have one dtype, any; a number takes that of the other. What is not chosen may be an infinity or NaN.
/// Gradient: for a, where(condition, dy, 0); for b, where(condition, 0, dy). These zeros are kept where the slope
/// of what is not chosen is infinite or NaN: see vjp.
Tensor where(const Operand& condition, const Operand& a, const Operand& b);

}  // namespace sluice
