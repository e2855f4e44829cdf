#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The larger of x and 0; NaN stays NaN. Gradient: 0 where x <= 0, else dy.
Tensor relu(const Operand& x);

}  // namespace sluice
