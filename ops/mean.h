#pragma once

#include <sluice/ops/axes.h>

namespace sluice {

/// The mean over the axes, which are removed or, with `keep`, kept with length 1: sum(x) / count. NaN over
/// no elements; infinite where the sum overflows. Floating-point. Gradient: dy / count, broadcast. Throws
/// ShapeError for an axis out of range or named twice and for i32, bool.
Tensor mean(const Operand& x, const Axes& axes = {}, bool keep = false);

}  // namespace sluice
