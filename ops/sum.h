#pragma once

#include <sluice/graph/arithmetic.h>  // sum_to is declared there
#include <sluice/ops/axes.h>

namespace sluice {

/// The sum over the axes, which are removed or, with `keep`, kept with length 1; 0 over no elements.
/// Floating-point or i32. The order of additions depends on the shape only; partial sums that overflow are
/// infinite, and NaN with infinities of both signs. Gradient: dy broadcast to the shape of x. Throws
/// ShapeError for an axis out of range or named twice, and for bool.
Tensor sum(const Operand& x, const Axes& axes = {}, bool keep = false);

}  // namespace sluice
