#include <sluice/graph/arithmetic.h>
#include <sluice/graph/call.h>
#include <sluice/nn/activation_regularization.h>
#include <sluice/ops/logical.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/square.h>
#include <sluice/nn/reduce.inl>

#include <fmt/format.h>

#include <cmath>
#include <string_view>

namespace sluice::nn {

namespace {

/// The mask of outputs over time, with as many axes as they have.
Tensor mask_of_outputs(std::string_view who, const Tensor& output, double amount, const Tensor& mask) {
  if (!(amount >= 0) || std::isinf(amount)) {
    throw Error(fmt::format("[{}] the amount is finite and not negative: got {}; 0 is none, 1 or 2 are usual",
                            who, amount));
  }
  if (output.rank() < 2 || !is_floating(output.dtype())) {
    throw ShapeError(
        fmt::format("[{}] takes floating outputs over time, [time, batch, ...]: got {}; reshape or cast them",
                    who, output.spec().text()));
  }
  return detail::mask_of(who, mask, output.shape());
}

}  // namespace

Tensor activation_regularization(const Operand& output, double alpha, const Tensor& mask) {
  const sluice::detail::Call call("activation_regularization", output.where());
  const Tensor h = output.tensor();
  const Tensor counted = mask_of_outputs("activation_regularization", h, alpha, mask);
  if (h.size() == 0) return zeros({}, h.dtype());
  return alpha * detail::reduce(square(h), counted, Reduction::mean);
}

Tensor temporal_activation_regularization(const Operand& output, double beta, const Tensor& mask) {
  const sluice::detail::Call call("temporal_activation_regularization", output.where());
  const Tensor h = output.tensor();
  const Tensor counted = mask_of_outputs("temporal_activation_regularization", h, beta, mask);
  const Index time = h.dim(0);
  if (h.size() == 0 || time < 2) return zeros({}, h.dtype());
  const auto later = [&](const Tensor& x) { return slice(x, 0, 1, time); };
  const auto earlier = [&](const Tensor& x) { return slice(x, 0, 0, time - 1); };
  const bool per_step = counted.defined() && counted.dim(0) == time;
  const Tensor both = per_step ? logical_and(later(counted), earlier(counted)) : counted;
  return beta * detail::reduce(square(later(h) - earlier(h)), both, Reduction::mean);
}

}  // namespace sluice::nn
