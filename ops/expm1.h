#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// e^x - 1, accurate near 0. Gradient: dy e^x.
Tensor expm1(const Operand& x);

}  // namespace sluice
