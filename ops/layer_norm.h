#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// Each row along the last axis minus its mean, divided by its standard deviation: y = (x - mean(x)) /
/// sqrt(mean((x - mean(x))^2) + epsilon). Floating-point. Rows that hold NaN or infinity are all NaN. With
/// s = 1 / sqrt(variance + epsilon), the gradient is s (dy - mean(dy) - y mean(dy y)). Throws ShapeError
/// for a scalar, i32 and bool, Error for a negative epsilon. Ba, Kiros, Hinton: Layer Normalization, 2016.
Tensor layer_norm(const Operand& x, double epsilon = 1e-5);

/// The same, then y weight + bias with vectors of the length of the last axis.
Tensor layer_norm(const Operand& x, const Operand& weight, const Operand& bias, double epsilon = 1e-5);

}  // namespace sluice
