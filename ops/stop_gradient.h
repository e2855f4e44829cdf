#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// x itself, but a constant to grad: no gradient flows through.
Tensor stop_gradient(const Operand& x);

}  // namespace sluice
