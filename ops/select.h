#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// x at place i of an axis, which vanishes: select(x, 0, -1) is the last row. Any dtype. Throws ShapeError
/// for an axis or place out of range.
Tensor select(const Operand& x, Index axis, Index i);

}  // namespace sluice
