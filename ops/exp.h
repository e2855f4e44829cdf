#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// e^x. Gradient: dy e^x.
Tensor exp(const Operand& x);

}  // namespace sluice
