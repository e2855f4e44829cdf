#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// Tensors of one shape along a new axis: stack of three [2, 4] along axis 0 is [3, 2, 4], along -1 [2, 4,
/// 3]. Any dtype, the same for all. Throws ShapeError for an empty list, different shapes or dtypes, an axis
/// out of range.
Tensor stack(const Tensors& tensors, Index axis = 0, Location where = Location::current());

}  // namespace sluice
