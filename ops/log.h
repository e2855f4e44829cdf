#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The natural logarithm; minus infinity at 0, NaN below. Gradient: dy / x.
Tensor log(const Operand& x);

}  // namespace sluice
