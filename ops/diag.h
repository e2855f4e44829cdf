#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The diagonals of matrices [..., n, m]: y[..., i] = x[..., i, i], [..., min(n, m)]. Any dtype. Gradient: dy
/// on the diagonal. Throws ShapeError for fewer than two axes.
Tensor diagonal(const Operand& x);

/// Square matrices with these diagonals and 0 elsewhere: [..., n] to [..., n, n]. Any dtype. Gradient:
/// diagonal(dy). Throws ShapeError for a scalar.
Tensor diag_embed(const Operand& x);

/// diag_embed of a vector, diagonal of a matrix or of several, as numpy.diag and torch.diag.
Tensor diag(const Operand& x);

}  // namespace sluice
