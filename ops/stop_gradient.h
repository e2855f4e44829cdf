#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// x itself, but a constant to grad: no gradient flows through. Compositions are as exact as their
/// arithmetic: x + stop_gradient(y - x) is y but for rounding, and NaN where x is infinite.
/// straight_through(y, x) is y, bit for bit; custom_gradient gives a function any gradient.
Tensor stop_gradient(const Operand& x);

}  // namespace sluice
