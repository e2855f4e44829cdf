#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// y_i = exp(x_i) / sum_j exp(x_j) along an axis, computed from x - max(x), so that no exponential
/// overflows. NaN where x is plus infinity (the finite elements of such a row give 0), and in rows that
/// hold NaN or only minus infinity. Floating-point. Gradient: y (dy - sum(dy y)). Throws ShapeError for an
/// axis out of range, i32 and bool.
Tensor softmax(const Operand& x, Index axis = -1);

}  // namespace sluice
