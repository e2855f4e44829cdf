#pragma once

// The one place where the tests of these ops ask for all that the library checks of an op.

#include <sluice/check/check_op.h>

namespace example_ops {

/// Everything that check_op checks: memory, purity, answers to the compiler, derivatives to second order,
/// compiled against interpreted. Inputs are float64.
inline void check_derivatives(const std::function<sluice::Tensor(const sluice::Tensors&)>& function,
                              const sluice::Tensors& inputs, const sluice::CheckOpOptions& options = {}) {
  sluice::check_op(function, inputs, options);
}

}  // namespace example_ops
