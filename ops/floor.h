#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The largest whole number that is not above x. Gradient: 0.
Tensor floor(const Operand& x);

}  // namespace sluice
