#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// Which steps of padded sequences are there: y[t, b] = t < lengths[b], bool[time, batch], for lengths
/// i32[batch]. No gradient. Throws ShapeError for other lengths or a negative time and, at run time, Error for
/// a length outside of [0, time].
Tensor sequence_mask(const Operand& lengths, Index time);

}  // namespace sluice
