#pragma once

#include <sluice/ops/axes.h>

namespace sluice {

/// The smallest element over the axes, which are removed or, with `keep`, kept with length 1; NaN if there
/// is one. Floating-point or i32. Gradient: dy, divided evenly among the smallest elements; NaN if y is.
/// Throws ShapeError for an axis out of range or named twice, for bool, and over no elements.
Tensor min(const Operand& x, const Axes& axes = {}, bool keep = false);

}  // namespace sluice
