#include <sluice/graph/arithmetic.h>
#include <sluice/nn/loss.h>
#include <sluice/ops/abs.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/log_softmax.h>
#include <sluice/ops/maximum.h>
#include <sluice/ops/mean.h>
#include <sluice/ops/minimum.h>
#include <sluice/ops/multiply_no_nan.h>
#include <sluice/ops/softplus.h>
#include <sluice/ops/square.h>
#include <sluice/ops/squeeze.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/take_along_axis.h>
#include <sluice/ops/where.h>
#include <sluice/nn/reduce.inl>

#include <fmt/format.h>

namespace sluice::nn {

using sluice::detail::Call;

namespace {

using detail::reduce;

// Both operands as tensors of one shape and dtype.
struct Pair {
  Tensor x, y;
};

Pair same_shapes(std::string_view who, const Operand& a, const Operand& b) {
  Pair pair{a.tensor(b.is_number() ? DType::float32 : b.tensor().dtype()),
            b.tensor(a.is_number() ? DType::float32 : a.tensor().dtype())};
  if (pair.x.spec() == pair.y.spec() && is_floating(pair.x.dtype())) return pair;
  throw ShapeError(
      fmt::format("[{}] prediction and target have the same shape and floating dtype: got {} and {}; "
                  "reshape or cast one of them",
                  who, pair.x.spec().text(), pair.y.spec().text()));
}

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

// The value of every example at its class: x[..., class[...]].
Tensor pick(std::string_view who, const Tensor& x, const Tensor& classes) {
  const sluice::detail::IdNames names{
      who, "classes", "correct it, make the scores wider, or leave such examples out by ignore_index", 1};
  const Index axis = x.rank() - 1;
  return squeeze(sluice::detail::take_along_axis(x, expand_dims(classes, -1), axis, names), {-1});
}

// Reduces the losses for which `counted` is true.
Tensor reduce_counted(const Tensor& losses, const Tensor& counted, Reduction reduction) {
  return detail::reduce_counted(sluice::where(counted, losses, zeros_like(losses)), counted, reduction);
}

}  // namespace

Tensor cross_entropy(const Operand& logits, const Operand& classes, const CrossEntropyOptions& options) {
  const Call call("cross_entropy", logits.where());
  const Tensor x = logits.tensor();
  const Tensor ids = classes.tensor(DType::int32);
  require_classes("cross_entropy", x, ids);
  const double e = options.label_smoothing;
  if (!(e >= 0 && e <= 1)) {
    throw Error(
        fmt::format("[cross_entropy] label smoothing is in [0, 1]: got {}; 0 is none, 0.1 is usual", e));
  }
  const Tensor log_p = log_softmax(x, -1);
  const auto losses = [&](const Tensor& valid_ids) {
    const Tensor surprise = -pick("cross_entropy", log_p, valid_ids);
    return e == 0 ? surprise : (1 - e) * surprise - e * mean(log_p, {-1});
  };
  if (!options.ignore_index) return reduce(losses(ids), options.reduction);
  const Tensor counted = not_equal(ids, *options.ignore_index);
  return reduce_counted(losses(sluice::where(counted, ids, zeros_like(ids))), counted, options.reduction);
}

Tensor nll(const Operand& log_probabilities, const Operand& classes, const NllOptions& options) {
  const Call call("nll", log_probabilities.where());
  const Tensor log_p = log_probabilities.tensor();
  const Tensor ids = classes.tensor(DType::int32);
  require_classes("nll", log_p, ids);
  if (!options.ignore_index) return reduce(-pick("nll", log_p, ids), options.reduction);
  const Tensor counted = not_equal(ids, *options.ignore_index);
  const Tensor valid_ids = sluice::where(counted, ids, zeros_like(ids));
  return reduce_counted(-pick("nll", log_p, valid_ids), counted, options.reduction);
}

Tensor binary_cross_entropy_with_logits(const Operand& logits, const Operand& targets,
                                        const BinaryCrossEntropyOptions& options) {
  const Call call("binary_cross_entropy_with_logits", logits.where());
  const auto [x, y] = same_shapes("binary_cross_entropy_with_logits", logits, targets);
  const Tensor& weight = options.pos_weight;
  if (weight.defined() &&
      (weight.dtype() != x.dtype() ||
       !(broadcast(weight.shape(), x.shape(), "binary_cross_entropy_with_logits") == x.shape()))) {
    throw ShapeError(fmt::format(
        "[binary_cross_entropy_with_logits] pos_weight has the dtype of the logits and broadcasts to "
        "their shape: got {} for {}; cast or reshape it",
        weight.spec().text(), x.spec().text()));
  }
  // -log s(x) = softplus(-x) and -log(1 - s(x)) = softplus(x) do not cancel on either side.
  const Tensor positive = multiply_no_nan(softplus(-x), y);
  const Tensor negative = multiply_no_nan(softplus(x), 1 - y);
  const Tensor weighted = weight.defined() ? multiply_no_nan(positive, weight) : positive;
  return reduce(weighted + negative, options.reduction);
}

Tensor mse(const Operand& x, const Operand& y, Reduction reduction) {
  const Call call("mse", x.where());
  const auto [a, b] = same_shapes("mse", x, y);
  return reduce(square(a - b), reduction);
}

Tensor l1(const Operand& x, const Operand& y, Reduction reduction) {
  const Call call("l1", x.where());
  const auto [a, b] = same_shapes("l1", x, y);
  return reduce(abs(a - b), reduction);
}

Tensor huber(const Operand& x, const Operand& y, const HuberOptions& options) {
  const Call call("huber", x.where());
  if (!(options.delta > 0)) {
    throw Error(
        fmt::format("[huber] delta is positive: got {}; it is where the loss turns from squared to absolute",
                    options.delta));
  }
  const auto [a, b] = same_shapes("huber", x, y);
  const Tensor distance = abs(a - b);
  const Tensor inner = minimum(distance, options.delta);
  return reduce(inner * (distance - inner / 2), options.reduction);
}

}  // namespace sluice::nn
