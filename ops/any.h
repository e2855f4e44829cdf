#pragma once

#include <sluice/ops/axes.h>

namespace sluice {

/// Whether any element over the axes is true, and whether all are; the axes are removed or, with `keep`, kept
/// with length 1. Over no elements any is false and all is true. bool; compare numbers first: any(x != 0). No
/// gradient. Throws ShapeError for an axis out of range or named twice, and for numbers.
Tensor any(const Operand& x, const Axes& axes = {}, bool keep = false);
Tensor all(const Operand& x, const Axes& axes = {}, bool keep = false);

}  // namespace sluice
