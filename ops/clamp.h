#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// x moved into [low, high]: low where x is below, high where x is above; NaN stays NaN. A bound may be
/// infinite. Gradient: dy where low <= x <= high, else 0, also for NaN. Throws Error unless low <= high.
Tensor clamp(const Operand& x, double low, double high);

}  // namespace sluice
