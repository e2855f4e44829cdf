#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// x itself, but a constant in the eyes of grad: no gradient flows through.
Tensor stop_gradient(const Operand& x);

}  // namespace sluice
