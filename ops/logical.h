#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

// Logic on bool tensors, elementwise with broadcasting; no gradient. Functions and not the operators && and
// ||, which readers expect to leave out their right side when the left decides: graphs always hold both.

Tensor logical_and(const Operand& a, const Operand& b);  ///< true where both are
Tensor logical_or(const Operand& a, const Operand& b);   ///< true where one or both are
Tensor logical_xor(const Operand& a, const Operand& b);  ///< true where exactly one is
Tensor logical_not(const Operand& x);                    ///< true where x is false

}  // namespace sluice
