#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The larger of x and 0; NaN stays NaN. Gradient: dy where x > 0, else 0, also at 0.
Tensor relu(const Operand& x);

}  // namespace sluice
