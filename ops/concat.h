#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The tensors one after the other along an axis: concat([2, 3], [2, 1]; axis 1) is [2, 4]. Any dtype, the
/// same for all. Gradient: the slices of dy. Throws ShapeError for an empty list, scalars, different dtypes,
/// or shapes that differ on another axis.
Tensor concat(const Tensors& tensors, Index axis = 0, Location where = Location::current());

}  // namespace sluice
