#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

// Elementwise comparisons: operands of one dtype broadcast to a bool tensor, the condition of `where`. A
// comparison with NaN is false, except not_equal, which is true. They have no gradient (it is zero almost
// everywhere). Whether two Tensors are the same node is Tensor::is.

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
