#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The inverses of square matrices [..., n, n], as numpy.linalg.inv: solve(a, identity). For small matrices;
/// the product of an inverse with b is cheaper and more accurate as solve(a, b). Floating-point. Gradient:
/// -a^-T dx a^-T. Throws what solve throws, under its own name: ShapeError for integers and matrices that are
/// not square, Error when it runs for one that is singular or holds NaN or infinity.
Tensor inverse(const Operand& a);

}  // namespace sluice
