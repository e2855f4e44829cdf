#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// A constant vector of `count` numbers at equal distances from `from` to `to`, which are the first and the
/// last exactly: linspace(0, 1, 5) is 0, 0.25, 0.5, 0.75, 1. One number is `from`. They may descend. Throws
/// ShapeError for a negative count, an end that is not finite or that the dtype cannot represent, and for
/// i32, bool: cast the result.
Tensor linspace(double from, double to, Index count, DType dtype = DType::float32,
                Location where = Location::current());

}  // namespace sluice
