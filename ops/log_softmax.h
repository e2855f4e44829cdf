#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// y_i = x_i - log(sum_j exp(x_j)) along an axis: the logarithm of softmax without its rounding to 0 or 1.
/// NaN where softmax is. Floating-point. Gradient: dy - exp(y) sum(dy). Throws ShapeError for an axis out
/// of range, i32 and bool.
Tensor log_softmax(const Operand& x, Index axis = -1);

}  // namespace sluice
