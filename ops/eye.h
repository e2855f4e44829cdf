#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// A constant matrix [n, n] or [rows, columns] with 1 on its diagonal and 0 elsewhere: the identity. Any
/// dtype. Throws ShapeError for a negative length.
Tensor eye(Index n, DType dtype = DType::float32, Location where = Location::current());
Tensor eye(Index rows, Index columns, DType dtype = DType::float32, Location where = Location::current());

}  // namespace sluice
