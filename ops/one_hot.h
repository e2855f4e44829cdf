#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// A new last axis of length `depth` with a 1 at the index given by the id and 0 elsewhere: y[..., j] =
/// (ids[...] == j). ids i32, y of any dtype. No gradient. Throws ShapeError for other ids or a negative depth
/// and, at run time, Error for an id outside of 0..depth-1.
Tensor one_hot(const Operand& ids, Index depth, DType dtype = DType::float32);

}  // namespace sluice
