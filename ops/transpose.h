#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The last two axes swapped: y[..., i, j] = x[..., j, i]. Any dtype. Gradient: dy transposed. Throws
/// ShapeError for fewer than two axes. For an operand of matmul, the options transpose_a and transpose_b do
/// the same without a copy.
Tensor transpose(const Operand& x);

/// The axes in another order, as numpy.transpose: axis i of y is axis order[i] of x; negative ones count from
/// the end. Returns x itself if the order is 0, 1, 2, ... Throws ShapeError unless `order` names each axis
/// once.
Tensor transpose(const Operand& x, const std::vector<Index>& order);

}  // namespace sluice
