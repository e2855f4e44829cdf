#pragma once

#include <sluice/graph/tensor.h>
#include <sluice/ops/along_axis.h>

namespace sluice {

/// One element of x for each id, along an axis: y[..., i, ...] = x[..., ids[..., i, ...], ...], as
/// numpy.take_along_axis and torch.gather. The ids have the lengths of x on all other axes. x of any dtype;
/// ids i32. Gradient for x: scatter_sum. Throws ShapeError for other ids and, at run time, Error for an id
/// outside of 0..n-1.
Tensor take_along_axis(const Operand& x, const Operand& ids, Index axis = -1);

namespace detail {
/// The same for a function with its own names for the ids; `axis` counts from 0.
Tensor take_along_axis(const Tensor& x, const Tensor& ids, Index axis, const IdNames& names);
}  // namespace detail

}  // namespace sluice
