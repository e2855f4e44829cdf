#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// x with its elements converted to `dtype`; x itself when that is its dtype already. To i32, numbers lose
/// their fraction, those out of range become the nearest i32, and NaN 0. To bool, whatever is not 0 is true;
/// from bool, true is 1. Gradient, from one floating dtype to another: cast(dy, dtype of x); else 0.
Tensor cast(const Operand& x, DType dtype);

}  // namespace sluice
