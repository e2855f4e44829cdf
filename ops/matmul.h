#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// Operands to be transposed (their last two axes swapped), without a copy.
struct MatMulOptions {
  bool transpose_a = false;
  bool transpose_b = false;
};

/// The matrix product, by the rules of torch.matmul: c[..., i, j] = sum_k a[..., i, k] b[..., k, j].
///   [m, k] x [k, n] -> [m, n]       [k] x [k, n] -> [n]       [m, k] x [k] -> [m]       [k] x [k] -> []
/// Further axes in front are batches, which broadcast by NumPy's rule. A batch of left operands times one
/// matrix, such as [time, batch, in] x [in, out], is a single product with time * batch rows, and so is the
/// gradient of the matrix. With k = 0 the product is zero. 0 times infinity is NaN, and so is a
/// sum of infinities of both signs.
///
/// Both operands have the same floating-point dtype. Gradient: dc b^T for a and a^T dc for b, as matmuls with
/// options. Throws ShapeError for scalars, different inner dimensions, batches that do not broadcast, and a
/// transposed vector.
Tensor matmul(const Operand& a, const Operand& b, MatMulOptions options = {});

}  // namespace sluice
