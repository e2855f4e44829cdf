#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// y, with the gradient of x: a step that has no useful gradient of its own, such as round, sign or a sample,
/// counts as the identity on the way back.
///
///   auto bits = straight_through(sign(x), x);
///
/// The value is y, bit for bit; x + stop_gradient(y - x) is rounded, and NaN where x is infinite. No gradient
/// flows to y. Throws ShapeError unless x and y have one shape and one floating-point dtype. Bengio, Leonard,
/// Courville, "Estimating or propagating gradients through stochastic neurons for conditional computation",
/// 2013.
Tensor straight_through(const Operand& y, const Operand& x);

}  // namespace sluice
