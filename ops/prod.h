#pragma once

#include <sluice/ops/axes.h>

namespace sluice {

/// The product over the axes, which are removed or, with `keep`, kept with length 1; 1 over no elements.
/// Multiplied in order, so a product may overflow or vanish on the way (and be NaN then, times 0 or
/// infinity); its gradient does not. Floating-point or i32. Gradient: dy times the product of the other
/// elements, correct even if some are zero. Throws ShapeError for an axis out of range or named twice, and
/// for bool.
Tensor prod(const Operand& x, const Axes& axes = {}, bool keep = false);

/// The product of all other elements along the last axis: y[..., i] = prod_{j != i} x[..., j], without
/// dividing. Floating-point. Gradient: the same op on an n x n matrix for an axis of length n. Throws
/// ShapeError for a scalar.
Tensor prod_others(const Operand& x);

}  // namespace sluice
