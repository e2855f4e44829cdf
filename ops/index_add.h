#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// x with updates added at the places of an axis that the ids name: y = x; y[..., ids[i...], ...] +=
/// updates[..., i..., ...]. The updates have the shape of take(x, ids, axis); an id that comes twice adds
/// twice. The order of additions is that of the ids, for any number of threads. x and updates floating or
/// i32, ids i32. Gradient: dy for x, take(dy, ids, axis) for the updates. Throws ShapeError for other shapes,
/// and when it runs Error for an id outside of 0..n-1.
Tensor index_add(const Operand& x, const Operand& ids, const Operand& updates, Index axis = 0);

/// The same added to zeros whose axis has this length: the gradient of take.
Tensor index_sum(const Operand& ids, const Operand& updates, Index axis, Index length);

}  // namespace sluice
