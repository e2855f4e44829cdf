#pragma once

#include <sluice/graph/trace.h>

namespace sluice {

/// Tolerances: an entry is right if |analytic - numeric| <= atol + rtol * |numeric|.
struct GradcheckOptions {
  double eps = 1e-6;  ///< inputs are moved by this in both directions
  double rtol = 1e-5;
  double atol = 1e-7;
  bool jvp = true;       ///< check forward mode as well
  bool compiled = true;  ///< check the compiled form, and the ops' answers to the compiler, as well
};

/// The number of entries compared and the error.
struct GradcheckReport {
  Index entries = 0;       ///< of the Jacobian: floating-point elements of inputs times those of outputs
  double worst_error = 0;  ///< largest |analytic - numeric|
};

/// Checks everything `function` uses: the tool for authors of ops. Compares the whole Jacobian, computed by
/// rows in reverse mode and by columns in forward mode, with central differences
///
///   d f(x) / d x_i = (f(x + eps e_i) - f(x - eps e_i)) / (2 eps).
///
/// Then compares values and gradients of the compiled function with those of the interpreted one, also in
/// loops over time (check/compiled.h), and the ops' answers to the compiler with what they compute
/// (check/answers.h), both to 1e-9 of the largest element.
///
/// All inputs are evaluated; float64 ones are varied, int32 and bool ones are held fixed. Outputs that are
/// not floating-point are excluded from the Jacobian. Choose inputs away from kinks and jumps, where
/// differences are meaningless, and small: the cost is two runs per input element and one per output element,
/// and about three programs to compile per input.
///
///   gradcheck([](const Tensors& x) { return softsign(x[0]); }, {tensor({0.5, -2.0, 3.0})});
///
/// Throws Error that names the failed check: with the worst entry and both values if an entry is wrong, with
/// the index and both values if the compiled form differs, with the op and its answer if that is wrong; and
/// for float32 inputs, whose differences would be noise.
GradcheckReport gradcheck(const TensorFunction& function, const Tensors& inputs,
                          const GradcheckOptions& options = {}, Location where = Location::current());
GradcheckReport gradcheck(const std::function<Tensor(const Tensors&)>& function, const Tensors& inputs,
                          const GradcheckOptions& options = {}, Location where = Location::current());

/// The same for second derivatives: gradcheck of the vector-Jacobian product of `function`, as a function of
/// the inputs and of the seeds. Catches a gradient() whose value is right but which is made of constants.
GradcheckReport gradgradcheck(const TensorFunction& function, const Tensors& inputs,
                              const GradcheckOptions& options = {.rtol = 1e-3, .atol = 1e-6, .jvp = false},
                              Location where = Location::current());
GradcheckReport gradgradcheck(const std::function<Tensor(const Tensors&)>& function, const Tensors& inputs,
                              const GradcheckOptions& options = {.rtol = 1e-3, .atol = 1e-6, .jvp = false},
                              Location where = Location::current());

}  // namespace sluice
