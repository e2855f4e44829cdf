#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The same elements in row-major order under another shape of the same size. x itself when it has the shape
/// already. Any dtype. Gradient: dy reshaped back. Throws ShapeError when the sizes differ.
Tensor reshape(const Operand& x, const Shape& shape);

/// The same with one length that may be -1: it is worked out from the size of x. reshape(x, {-1}) is flat.
/// Throws ShapeError for several -1, and where the size leaves no or no single length for it.
Tensor reshape(const Operand& x, std::initializer_list<Index> dims);

/// One axis with all elements: reshape(x, {-1}), for a size of zero too.
Tensor flatten(const Operand& x);

}  // namespace sluice
