#pragma once

#include <sluice/graph/arithmetic.h>  // sum_to is declared there
#include <sluice/ops/axes.h>

namespace sluice {

/// The sum over the axes, which vanish or, with `keep`, stay with length 1; 0 over no elements. floating or
/// i32. Added in an order that depends on the shape only. Gradient: dy broadcast to the shape of x. Throws
/// ShapeError for an axis out of range or named twice, and for bool.
Tensor sum(const Operand& x, const Axes& axes = {}, bool keep = false);

}  // namespace sluice
