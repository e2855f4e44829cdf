#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x. Gradient: dy 2/sqrt(pi)
/// exp(-x^2).
Tensor erf(const Operand& x);

}  // namespace sluice
