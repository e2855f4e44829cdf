#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The cosine of x in radians; NaN at infinity. Gradient: -dy sin(x).
Tensor cos(const Operand& x);

}  // namespace sluice
