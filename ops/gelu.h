#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The formula of gelu: with the error function, or with the approximation by tanh that some models were
/// trained with.
enum class GeluForm { exact, tanh };

/// x P(X <= x) for a standard normal X: exactly x (1 + erf(x / sqrt 2)) / 2, approximately
/// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. Gradient of the exact form: dy (P(X <= x) + x p(x)),
/// with the density p of X. Hendrycks and Gimpel 2016, "Gaussian Error Linear Units".
Tensor gelu(const Operand& x, GeluForm form = GeluForm::exact);

}  // namespace sluice
