#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// x with the slices at the indices `ids` of an axis replaced: y = x; y[..., ids[i...], ...] = values[...,
/// i..., ...], as x.at[ids].set(values) of JAX. The values have the shape of take(x, ids, axis); of those for
/// a repeated id the last one counts. x and values of one dtype, any; ids i32. Gradient: for x, dy with zeros
/// at the ids; for the values, take(dy, ids, axis) with zeros for those that another one replaced. Throws
/// ShapeError for other shapes or an axis out of range and, at run time, Error for an id outside of 0..n-1.
Tensor scatter(const Operand& x, const Operand& ids, const Operand& values, Index axis = 0);

}  // namespace sluice
