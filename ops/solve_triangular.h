#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// Which triangle of the matrix counts, and how.
struct TriangularOptions {
  bool lower = true;           ///< false: the upper one
  bool transpose = false;      ///< solve with the transpose of that triangle
  bool unit_diagonal = false;  ///< take the diagonal for ones, whatever it holds
};

/// The solution x of t x = b, or t^T x = b, for triangular t [..., n, n] and b [..., n, k] or [n], as
/// scipy.linalg.solve_triangular: of t only the named triangle is read. Axes in front are batches, which
/// broadcast by NumPy's rule. Both operands have the same floating-point dtype.
///
/// A zero on the diagonal is divided by: the solution is infinite or NaN from there on. NaN and infinity in a
/// column of b stay in that column. Gradient: db = t^-T dx and dt = -db x^T, of which the named triangle
/// counts, transposed for t^T. Throws ShapeError for integers, matrices that are not square, another number
/// of rows, and batches that do not broadcast.
Tensor solve_triangular(const Operand& t, const Operand& b, TriangularOptions options = {});

}  // namespace sluice
