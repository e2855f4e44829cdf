#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The same elements in row-major order with another shape of the same size. Returns x itself if it has the
/// shape already. Any dtype. Gradient: dy reshaped back. Throws ShapeError if the sizes differ.
Tensor reshape(const Operand& x, const Shape& shape);

/// The same with one length that may be -1: it follows from the size of x. reshape(x, {-1}) is flat. Throws
/// ShapeError for several -1, and if no length or more than one fits.
Tensor reshape(const Operand& x, std::initializer_list<Index> dims);

/// All elements along one axis: reshape(x, {-1}), also for size zero.
Tensor flatten(const Operand& x);

}  // namespace sluice
