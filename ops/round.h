#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The nearest integer; of two that are equally near, the even one: 0.5 becomes 0, 1.5 and 2.5 become 2.
/// Infinities and NaN stay. Gradient: 0.
Tensor round(const Operand& x);

}  // namespace sluice
