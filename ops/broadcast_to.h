#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// x repeated to `shape`, by NumPy's rule: y[..., i, ...] = x[..., i or 0, ...]. Returns x itself if it has
/// the shape already. Any dtype. Gradient: dy summed over the repeated axes. Throws ShapeError if x's shape
/// does not broadcast to it.
Tensor broadcast_to(const Operand& x, const Shape& shape);

}  // namespace sluice
