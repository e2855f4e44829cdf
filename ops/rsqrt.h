#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// 1 / sqrt(x); infinity at 0 (minus infinity at -0), NaN below. Gradient: -dy y^3 / 2.
Tensor rsqrt(const Operand& x);

}  // namespace sluice
