#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// x with its elements converted to `dtype`; x itself if it has that dtype already. To i32, numbers are
/// truncated and clamped to the range of i32, and NaN becomes 0. To bool, every number but 0 is true; from
/// bool, true is 1. Gradient, from one floating-point dtype to another: cast(dy, dtype of x); else 0.
Tensor cast(const Operand& x, DType dtype);

}  // namespace sluice
