#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The hyperbolic tangent. Gradient: dy (1 - tanh(x)^2).
Tensor tanh(const Operand& x);

}  // namespace sluice
