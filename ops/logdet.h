#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

struct LogDetOptions {
  /// The matrices are symmetric and positive definite: 2 sum(log(diagonal)) of cholesky, which is half the
  /// work, reads the lower triangle only and has a symmetric gradient.
  bool positive = false;
};

/// log |det a| of square matrices [..., n, n]: the tensor [...]. By LU with partial pivoting, without
/// overflow. torch.logdet is NaN where the determinant is negative; here as in numpy.linalg.slogdet the sign
/// is a result of its own, see below. Floating-point.
///
/// A singular matrix (a pivot is exactly zero) has minus infinity, one that holds NaN or infinity NaN.
/// Gradient: a^-T, by solve, which throws for both. Throws ShapeError for integers and matrices that are not
/// square; with `positive` also what cholesky throws.
Tensor logdet(const Operand& a, LogDetOptions options = {});

/// det a = sign exp(log).
struct SignAndLog {
  Tensor sign;  ///< 1, -1, or 0 where the matrix is singular; no gradient
  Tensor log;   ///< logdet(a)
};
SignAndLog slogdet(const Operand& a);

}  // namespace sluice
