#include <sluice/graph/arithmetic.h>
#include <sluice/nn/cross_entropy.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/log_softmax.h>
#include <sluice/ops/logical.h>
#include <sluice/ops/mean.h>
#include <sluice/ops/multiply_no_nan.h>
#include <sluice/ops/squeeze.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/take.h>
#include <sluice/ops/take_along_axis.h>
#include <sluice/ops/where.h>
#include <sluice/nn/reduce.inl>

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::nn {

using sluice::detail::Call;

namespace {

void require_classes(std::string_view who, const Tensor& logits, const Tensor& classes) {
  const bool fits = is_floating(logits.dtype()) && logits.rank() > 0 && logits.shape().back() > 0 &&
                    classes.dtype() == DType::int32 &&
                    classes.shape() == logits.shape().erased(logits.rank() - 1);
  if (fits) return;
  throw ShapeError(
      fmt::format("[{}] takes a score per class on the last axis, [..., classes], and one class i32[...] "
                  "for each: got {} and {}; reshape or cast one of them",
                  who, logits.spec().text(), classes.spec().text()));
}

void require_smoothing(std::string_view who, double e) {
  if (e >= 0 && e <= 1) return;
  throw Error(fmt::format("[{}] label smoothing is in [0, 1]: got {}; 0 is none, 0.1 is usual", who, e));
}

void require_class_weights(std::string_view who, const Tensor& weights, const Tensor& logits) {
  if (!weights.defined() || weights.spec() == Spec{logits.dtype(), {logits.shape().back()}}) return;
  throw ShapeError(
      fmt::format("[{}] there is one weight for each class, of the dtype of the scores: got {} for {}; "
                  "reshape or cast it",
                  who, weights.spec().text(), logits.spec().text()));
}

/// The classes of examples, and which of these count.
struct Targets {
  std::string_view who;
  Tensor ids;      ///< with 0 for examples that do not count
  Tensor counted;  ///< undefined if all do

  Targets(std::string_view who, const Tensor& classes, const std::optional<std::int32_t>& ignored,
          const Tensor& mask)
      : who(who), ids(classes), counted(detail::mask_of(who, mask, classes.shape())) {
    if (ignored) {
      const Tensor others = not_equal(classes, *ignored);
      counted = counted.defined() ? logical_and(counted, others) : others;
    }
    if (counted.defined()) ids = sluice::where(counted, classes, zeros_like(classes));
  }

  /// The value of every example at its class: x[..., class[...]].
  Tensor pick(const Tensor& x) const {
    const sluice::detail::IdNames names{
        who, "classes",
        "correct it, make the scores wider, or leave such examples out by ignore_index or a mask", 1};
    const Index axis = x.rank() - 1;
    return squeeze(sluice::detail::take_along_axis(x, expand_dims(ids, -1), axis, names), {-1});
  }
};

}  // namespace

Tensor cross_entropy(const Operand& logits, const Operand& classes, const CrossEntropyOptions& options) {
  constexpr std::string_view who = "cross_entropy";
  const Call call("cross_entropy", logits.where());
  const Tensor x = logits.tensor();
  const Tensor all = classes.tensor(DType::int32);
  require_classes(who, x, all);
  require_smoothing(who, options.label_smoothing);
  require_class_weights(who, options.weights, x);
  const Targets targets(who, all, options.ignore_index, options.mask);
  const double e = options.label_smoothing;
  const Tensor log_p = log_softmax(x, -1);
  Tensor losses = -targets.pick(log_p);
  Tensor weights;
  if (options.weights.defined()) {
    weights = take(options.weights, targets.ids, 0);
    losses = multiply_no_nan(losses, weights);
  }
  if (e > 0) {
    const Tensor of_all = weights.defined() ? multiply_no_nan(log_p, options.weights) : log_p;
    losses = (1 - e) * losses - e * mean(of_all, {-1});
  }
  return detail::reduce(losses, targets.counted, options.reduction, weights);
}

Tensor nll(const Operand& log_probabilities, const Operand& classes, const NllOptions& options) {
  const Call call("nll", log_probabilities.where());
  const Tensor log_p = log_probabilities.tensor();
  const Tensor all = classes.tensor(DType::int32);
  require_classes("nll", log_p, all);
  require_class_weights("nll", options.weights, log_p);
  const Targets targets("nll", all, options.ignore_index, options.mask);
  Tensor losses = -targets.pick(log_p);
  Tensor weights;
  if (options.weights.defined()) {
    weights = take(options.weights, targets.ids, 0);
    losses = multiply_no_nan(losses, weights);
  }
  return detail::reduce(losses, targets.counted, options.reduction, weights);
}

Tensor soft_cross_entropy(const Operand& logits, const Operand& probabilities,
                          const SoftCrossEntropyOptions& options) {
  constexpr std::string_view who = "soft_cross_entropy";
  const Call call("soft_cross_entropy", logits.where());
  const auto [x, given] = detail::same_shapes(who, logits, probabilities);
  if (x.rank() == 0 || x.shape().back() == 0) {
    throw ShapeError(
        fmt::format("[soft_cross_entropy] takes a score per class on the last axis, [..., classes]: got {}; "
                    "reshape it",
                    x.spec().text()));
  }
  const double e = options.label_smoothing;
  require_smoothing(who, e);
  require_class_weights(who, options.weights, x);
  const Tensor mask = detail::mask_of(who, options.mask, x.shape().erased(x.rank() - 1));
  Tensor share = mask.defined() ? detail::only_counted(given, expand_dims(mask, -1)) : given;
  if (e > 0) share = (1 - e) * share + e / static_cast<double>(x.shape().back());
  if (options.weights.defined()) share = share * options.weights;
  const Tensor losses = -sum(multiply_no_nan(log_softmax(x, -1), share), {-1});
  return detail::reduce(losses, mask, options.reduction);
}

}  // namespace sluice::nn
