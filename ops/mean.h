#pragma once

#include <sluice/ops/axes.h>

namespace sluice {

/// The mean over the axes, which vanish or, with `keep`, stay with length 1: sum(x) / count. NaN over no
/// elements. Floating. Gradient: dy / count, broadcast. Throws ShapeError for an axis out of range or named
/// twice and for i32, bool.
Tensor mean(const Operand& x, const Axes& axes = {}, bool keep = false);

}  // namespace sluice
