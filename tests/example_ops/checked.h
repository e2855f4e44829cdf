#pragma once

// The one place where the tests of these ops ask for all that the library checks of an op.

#include <sluice/check/gradcheck.h>

namespace example_ops {

/// Derivatives to second order, compiled against interpreted and in loops, answers to the compiler. Inputs
/// are float64.
inline void check_derivatives(const std::function<sluice::Tensor(const sluice::Tensors&)>& function,
                              const sluice::Tensors& inputs) {
  sluice::gradcheck(function, inputs);
  sluice::gradgradcheck(function, inputs);
}

}  // namespace example_ops
