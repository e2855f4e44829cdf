#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// 1 / (1 + e^-x). Gradient: dy y (1 - y), with y = sigmoid(x).
Tensor sigmoid(const Operand& x);

}  // namespace sluice
