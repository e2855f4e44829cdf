#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// a where the condition holds, else b; elementwise, all three broadcast together. The condition is bool, a
/// and b have one dtype, any; a number takes that of the other. An infinity or NaN that is not chosen does no
/// harm, to the value or to the gradients. Gradient: for a, where(condition, dy, 0); for b, where(condition,
/// 0, dy).
Tensor where(const Operand& condition, const Operand& a, const Operand& b);

}  // namespace sluice
