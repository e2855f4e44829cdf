#pragma once

#include <sluice/ops/axes.h>

namespace sluice {

struct VarOptions {
  /// Taken from the number of elements: 1, as in PyTorch, estimates the variance of what the elements are a
  /// sample of; 0, as in NumPy and JAX, gives that of the elements themselves.
  double correction = 1;
  bool keep = false;  ///< keep the axes with length 1
};

/// The variance over the axes: sum((x - mean(x))^2) / max(0, count - correction), NaN where both are 0, as of
/// one element. The elements are centred first, so a mean that is large beside their differences costs no
/// digits. Floating-point. Gradient: 2 dy (x - mean(x)) / (count - correction). Throws ShapeError for an axis
/// out of range or named twice and for i32, bool; Error for a correction that is negative or not finite.
///
///     var(x)                                    of all elements
///     var(x, 0, {.correction = 0, .keep = true})
Tensor var(const Operand& x, const Axes& axes = {}, VarOptions options = {});

/// The standard deviation: sqrt(var(x)). Its gradient is 0, not NaN, where the variance is 0. (`std` would
/// hide the namespace of the C++ library.) Throws as var does.
Tensor stddev(const Operand& x, const Axes& axes = {}, VarOptions options = {});

}  // namespace sluice
