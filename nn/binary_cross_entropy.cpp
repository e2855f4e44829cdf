#include <sluice/graph/arithmetic.h>
#include <sluice/nn/binary_cross_entropy.h>
#include <sluice/ops/multiply_no_nan.h>
#include <sluice/ops/softplus.h>
#include <sluice/nn/reduce.inl>

#include <fmt/format.h>

namespace sluice::nn {

Tensor binary_cross_entropy_with_logits(const Operand& logits, const Operand& targets,
                                        const BinaryCrossEntropyOptions& options) {
  constexpr std::string_view who = "binary_cross_entropy_with_logits";
  const sluice::detail::Call call("binary_cross_entropy_with_logits", logits.where());
  const auto [x, target] = detail::same_shapes(who, logits, targets);
  const Tensor mask = detail::mask_of(who, options.mask, x.shape());
  const Tensor y = detail::only_counted(target, mask);
  const Tensor& weight = options.pos_weight;
  if (weight.defined() &&
      (weight.dtype() != x.dtype() || !(broadcast(weight.shape(), x.shape(), who) == x.shape()))) {
    throw ShapeError(fmt::format(
        "[binary_cross_entropy_with_logits] pos_weight has the dtype of the logits and broadcasts to "
        "their shape: got {} for {}; cast or reshape it",
        weight.spec().text(), x.spec().text()));
  }
  // -log s(x) = softplus(-x) and -log(1 - s(x)) = softplus(x) do not cancel on either side.
  const Tensor positive = multiply_no_nan(softplus(-x), y);
  const Tensor negative = multiply_no_nan(softplus(x), 1 - y);
  const Tensor weighted = weight.defined() ? multiply_no_nan(positive, weight) : positive;
  return detail::reduce(weighted + negative, mask, options.reduction);
}

}  // namespace sluice::nn
