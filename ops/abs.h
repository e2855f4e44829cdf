#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// |x|. Gradient: dy sign(x), 0 at 0 and for NaN.
Tensor abs(const Operand& x);

}  // namespace sluice
