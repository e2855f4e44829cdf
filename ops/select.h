#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// x at index i of an axis, which is removed: select(x, 0, -1) is the last row, x[-1]. Any dtype. Throws
/// ShapeError for an axis or index out of range.
Tensor select(const Operand& x, Index axis, Index i);

}  // namespace sluice
