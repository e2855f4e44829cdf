#pragma once

#include <sluice/ops/axes.h>

namespace sluice {

/// x reversed along the axes, by default all: y[i] = x[n - 1 - i]. Any dtype. Gradient: dy flipped. Throws
/// ShapeError for an axis out of range or named twice.
Tensor flip(const Operand& x, const Axes& axes = {});

}  // namespace sluice
