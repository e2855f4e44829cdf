#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// log(1 + e^x), a smooth relu; never overflows. Gradient: dy sigmoid(x).
Tensor softplus(const Operand& x);

}  // namespace sluice
