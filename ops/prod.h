#pragma once

#include <sluice/ops/axes.h>

namespace sluice {

/// The product over the axes, which vanish or, with `keep`, stay with length 1; 1 over no elements. Floating
/// or i32. Gradient: dy times the product of the others, right with zeros among them, too. Throws ShapeError
/// for an axis out of range or named twice, and for bool.
Tensor prod(const Operand& x, const Axes& axes = {}, bool keep = false);

/// The product of all others along the last axis: y[..., i] = prod_{j != i} x[..., j], without dividing.
/// Floating. Gradient: by the same op on a matrix of n x n for an axis of length n. Throws ShapeError for a
/// scalar.
Tensor prod_others(const Operand& x);

}  // namespace sluice
