#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// x with an axis of length 1 inserted before `axis`: expand_dims([2, 3], 1) is [2, 1, 3]; -1 appends it
/// after the last. Any dtype. Throws ShapeError for an axis out of range.
Tensor expand_dims(const Operand& x, Index axis);

}  // namespace sluice
