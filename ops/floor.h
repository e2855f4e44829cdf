#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The largest integer not above x. Gradient: 0.
Tensor floor(const Operand& x);

}  // namespace sluice
