#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

// Elementwise logic on bool tensors with broadcasting; no gradient. Not the operators && and ||, which would
// suggest short-circuit evaluation: a graph always contains both operands.

Tensor logical_and(const Operand& a, const Operand& b);  ///< true where both are
Tensor logical_or(const Operand& a, const Operand& b);   ///< true where one or both are
Tensor logical_xor(const Operand& a, const Operand& b);  ///< true where exactly one is
Tensor logical_not(const Operand& x);                    ///< true where x is false

}  // namespace sluice
