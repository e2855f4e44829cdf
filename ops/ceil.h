#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The smallest integer not below x. Gradient: 0.
Tensor ceil(const Operand& x);

}  // namespace sluice
