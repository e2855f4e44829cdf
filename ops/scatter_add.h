#pragma once

#include <sluice/graph/tensor.h>
#include <sluice/ops/along_axis.h>

namespace sluice {

/// x with each update added at the index given by its id, along an axis: y = x; y[..., ids[..., i, ...], ...]
/// += updates[..., i, ...], as torch.scatter_add. ids and updates have the shape of x except along the axis;
/// the updates of a repeated id add up, in the order of the ids for any number of threads. x and updates
/// floating-point or i32, ids i32. Gradient: dy for x, take_along_axis(dy, ids, axis) for the updates. Throws
/// ShapeError for other shapes and, at run time, Error for an id outside of 0..n-1.
Tensor scatter_add(const Operand& x, const Operand& ids, const Operand& updates, Index axis = -1);

/// The same added to zeros with an axis of this length: the gradient of take_along_axis.
Tensor scatter_sum(const Operand& ids, const Operand& updates, Index axis, Index length);

namespace detail {
/// The same for a function with its own names for the ids; `axis` counts from 0.
Tensor scatter_sum(const Tensor& ids, const Tensor& updates, Index axis, Index length, const IdNames& names);
}  // namespace detail

}  // namespace sluice
