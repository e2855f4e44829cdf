#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The nearest integer towards 0: x without its fraction. Gradient: 0.
Tensor trunc(const Operand& x);

}  // namespace sluice
