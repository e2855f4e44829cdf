#pragma once

#include <sluice/ops/axes.h>

namespace sluice {

/// The smallest element over the axes, which vanish or, with `keep`, stay with length 1; NaN where there is
/// one. Floating or i32. Gradient: dy, shared evenly by the elements that are the smallest. Throws ShapeError
/// for an axis out of range or named twice, for bool, and where there are no elements to choose from.
Tensor min(const Operand& x, const Axes& axes = {}, bool keep = false);

}  // namespace sluice
