#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The last two axes exchanged: y[..., i, j] = x[..., j, i]. Any dtype. Gradient: dy transposed. Throws
/// ShapeError for fewer than two axes. In front of a matmul, its transpose_a and transpose_b do the same
/// without a copy.
Tensor transpose(const Operand& x);

/// The axes in another order, as numpy.transpose: axis i of y is axis order[i] of x. x itself when the order
/// is 0, 1, 2, ... Throws ShapeError when `order` does not name each axis once; negative ones count from the
/// end.
Tensor transpose(const Operand& x, const std::vector<Index>& order);

}  // namespace sluice
