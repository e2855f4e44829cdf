#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// Each row along the last axis divided by its root mean square: y = x / sqrt(mean(x^2) + epsilon). No mean
/// is taken away, which layer_norm does, so it costs less. Floating-point. A row whose squares overflow is 0
/// where it is finite. PyTorch's epsilon is by default that of the dtype. Throws ShapeError for a scalar, i32
/// and bool, Error for a negative epsilon. Zhang and Sennrich, "Root mean square layer normalization", 2019.
Tensor rms_norm(const Operand& x, double epsilon = 1e-5);

/// The same, then y weight with a vector of the length of the last axis.
Tensor rms_norm(const Operand& x, const Operand& weight, double epsilon = 1e-5);

}  // namespace sluice
