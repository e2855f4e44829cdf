#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The slices of x at these indices of an axis, which is replaced by the axes of the ids: y[..., i..., ...] =
/// x[..., ids[i...], ...]. take(embedding, ids, 0) with f32[words, width] and i32[time, batch] is [time,
/// batch, width]. x of any dtype; ids i32. Gradient for x: index_sum. Throws ShapeError for other ids or an
/// axis out of range and, at run time, Error for an id outside of 0..n-1.
Tensor take(const Operand& x, const Operand& ids, Index axis = 0);

}  // namespace sluice
