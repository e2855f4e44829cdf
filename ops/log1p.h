#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// log(1 + x), accurate near 0; minus infinity at -1, NaN below. Gradient: dy / (1 + x).
Tensor log1p(const Operand& x);

}  // namespace sluice
