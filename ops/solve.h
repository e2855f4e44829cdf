#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

struct SolveOptions {
  bool transpose = false;  ///< solve with the transpose of the matrix
  /// The matrix is symmetric and positive definite: half the work, and of the matrix only the lower triangle
  /// is read, with a symmetric gradient (see cholesky).
  bool positive = false;
};

/// The solution x of a x = b, or a^T x = b, for square a [..., n, n] and b [..., n, k] or [n], as
/// numpy.linalg.solve. Axes in front are batches, which broadcast by NumPy's rule. A single matrix is
/// factored once for all batches of b. Both operands have the same floating-point dtype.
///
/// By LU with partial pivoting; with `positive` by cholesky and solve_triangular, which are then the ops in
/// the graph. NaN and infinity in a column of b stay in that column. Gradient: db = a^-T dx and da = -db x^T,
/// transposed for a^T.
///
/// Throws ShapeError for integers, matrices that are not square, another number of rows, and batches that do
/// not broadcast, and Error when it runs and finds a matrix that is singular (a pivot is exactly zero) or
/// holds NaN or infinity; with `positive`, one that is not positive definite.
Tensor solve(const Operand& a, const Operand& b, SolveOptions options = {});

}  // namespace sluice
