#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The lower triangular l with l l^T = a for symmetric positive definite matrices a [..., n, n], as
/// torch.linalg.cholesky. Axes in front are batches. Of a only the lower triangle is read; the upper one of l
/// is zero. Floating-point.
///
/// Gradient: l^-T phi(l^T dl) l^-1, where phi takes the lower triangle with half the diagonal; made
/// symmetric, so it is right for matrices that are symmetric whatever they are made of. Murray:
/// Differentiation of the Cholesky decomposition, 2016.
///
/// Throws ShapeError for integers and matrices that are not square, and Error when it runs and finds a matrix
/// that is not positive definite, or has NaN or infinity in the lower triangle: a pivot that is not positive
/// and finite.
Tensor cholesky(const Operand& a);

}  // namespace sluice
