#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The larger of a and b, elementwise; NaN where either is NaN. Gradient: dy for the larger one, half of it
/// for each if they are equal.
Tensor maximum(const Operand& a, const Operand& b);

}  // namespace sluice
