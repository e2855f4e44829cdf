#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The sine of x in radians; NaN at infinity. Gradient: dy cos(x).
Tensor sin(const Operand& x);

}  // namespace sluice
