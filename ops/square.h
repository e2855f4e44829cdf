#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// x^2. Gradient: 2 dy x.
Tensor square(const Operand& x);

}  // namespace sluice
