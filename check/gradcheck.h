#pragma once

#include <sluice/graph/trace.h>

namespace sluice {

/// How close is close: an entry is right when |analytic - numeric| <= atol + rtol * |numeric|.
struct GradcheckOptions {
  double eps = 1e-6;  ///< inputs are moved this far to both sides
  double rtol = 1e-5;
  double atol = 1e-7;
  bool jvp = true;       ///< check forward mode against the same differences, too
  bool compiled = true;  ///< check the compiled form, and what ops answer to the compiler, too
};

/// What was compared and how well it fits.
struct GradcheckReport {
  Index entries = 0;       ///< of the Jacobian: floating input elements times floating output elements
  double worst_error = 0;  ///< largest |analytic - numeric|
};

/// Checks everything `function` uses: the tool for whoever writes an op. The whole Jacobian, made row by row
/// in reverse mode and column by column in forward mode, is compared with central differences
///
///   d f(x) / d x_i = (f(x + eps e_i) - f(x - eps e_i)) / (2 eps).
///
/// Then values and gradients of the compiled function are compared with those of the interpreted one, also in
/// loops over time (check/compiled.h), and what the ops answer to the compiler with what they do
/// (check/answers.h), both to 1e-9 of the largest element.
///
/// All inputs are evaluated; float64 ones are varied, int32 and bool ones are held fixed. Outputs that are
/// not floating are left out of the Jacobian. Choose inputs away from kinks and jumps, where differences mean
/// nothing, and small: the cost is two runs per input element and one per output element, and some three
/// programs to compile for each input.
///
///   gradcheck([](const Tensors& x) { return softsign(x[0]); }, {tensor({0.5, -2.0, 3.0})});
///
/// Throws Error that says which check failed: with the worst entry and both values when an entry is wrong,
/// with the place and both values where compiled differs, with the op and its answer where that is wrong; and
/// for float32 inputs, whose differences would be noise.
GradcheckReport gradcheck(const TensorFunction& function, const Tensors& inputs,
                          const GradcheckOptions& options = {}, Location where = Location::current());
GradcheckReport gradcheck(const std::function<Tensor(const Tensors&)>& function, const Tensors& inputs,
                          const GradcheckOptions& options = {}, Location where = Location::current());

/// The same for second derivatives: gradcheck of the vector-Jacobian product of `function`, as a function of
/// the inputs and of the seeds. Catches a gradient() that is right in value but made of constants.
GradcheckReport gradgradcheck(const TensorFunction& function, const Tensors& inputs,
                              const GradcheckOptions& options = {.rtol = 1e-3, .atol = 1e-6, .jvp = false},
                              Location where = Location::current());
GradcheckReport gradgradcheck(const std::function<Tensor(const Tensors&)>& function, const Tensors& inputs,
                              const GradcheckOptions& options = {.rtol = 1e-3, .atol = 1e-6, .jvp = false},
                              Location where = Location::current());

}  // namespace sluice
