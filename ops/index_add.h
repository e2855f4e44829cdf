#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// x with updates added at the indices `ids` of an axis: y = x; y[..., ids[i...], ...] += updates[..., i...,
/// ...]. The updates have the shape of take(x, ids, axis); the updates of a repeated id add up, in the order
/// of the ids for any number of threads. x and updates floating-point or i32, ids i32. Gradient: dy for x,
/// take(dy, ids, axis) for the updates. Throws ShapeError for other shapes and, at run time, Error for an id
/// outside of 0..n-1.
Tensor index_add(const Operand& x, const Operand& ids, const Operand& updates, Index axis = 0);

/// The same added to zeros with an axis of this length: the gradient of take.
Tensor index_sum(const Operand& ids, const Operand& updates, Index axis, Index length);

}  // namespace sluice
