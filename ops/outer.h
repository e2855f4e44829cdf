#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The outer product of vectors: y[..., i, j] = a[..., i] b[..., j], [..., n] and [..., m] to [..., n, m];
/// leading axes broadcast. Floating-point or i32. Gradient: that of the product. Throws ShapeError for
/// scalars, different dtypes, and leading axes that do not broadcast.
Tensor outer(const Operand& a, const Operand& b);

}  // namespace sluice
