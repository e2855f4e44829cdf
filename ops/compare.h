#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

// Comparisons, elementwise: operands of one dtype broadcast to a bool tensor, made to be the condition of
// `where`. Each is false where an operand is NaN, but for not_equal, which is true there. They have no
// gradient (it is zero almost everywhere). Whether two Tensors are the same node is Tensor::is.

Tensor operator<(const Operand& a, const Operand& b);
Tensor operator<=(const Operand& a, const Operand& b);
Tensor operator>(const Operand& a, const Operand& b);
Tensor operator>=(const Operand& a, const Operand& b);

/// a == b and a != b; bool tensors may be compared too.
Tensor equal(const Operand& a, const Operand& b);
Tensor not_equal(const Operand& a, const Operand& b);
inline Tensor operator==(const Operand& a, const Operand& b) { return equal(a, b); }
inline Tensor operator!=(const Operand& a, const Operand& b) { return not_equal(a, b); }

}  // namespace sluice
