#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The smaller of a and b, elementwise; NaN where either is NaN. Gradient: dy for the smaller one, half of it
/// for each if they are equal.
Tensor minimum(const Operand& a, const Operand& b);

}  // namespace sluice
