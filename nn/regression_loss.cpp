#include <sluice/graph/arithmetic.h>
#include <sluice/nn/regression_loss.h>
#include <sluice/ops/abs.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/maximum.h>
#include <sluice/ops/minimum.h>
#include <sluice/ops/square.h>
#include <sluice/nn/reduce.inl>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace sluice::nn {

using sluice::detail::Call;

namespace {

/// The difference of two quantities, whose losses have its shape.
Tensor reduce_differences(std::string_view who, const Tensor& losses, const Tensor& mask,
                          Reduction reduction) {
  return detail::reduce(losses, detail::mask_of(who, mask, losses.shape()), reduction);
}

/// The predictions and their targets, both [..., quantiles].
detail::Pair quantile_pair(const Operand& x, const Operand& y, Index quantiles) {
  detail::Pair pair{x.tensor(), y.tensor()};
  const Shape& predicted = pair.x.shape();
  const bool same_dtypes = is_floating(pair.x.dtype()) && pair.x.dtype() == pair.y.dtype();
  if (same_dtypes && quantiles == 1 && predicted == pair.y.shape()) return pair;
  if (same_dtypes && predicted.rank() > 0 && predicted.back() == quantiles &&
      predicted.erased(predicted.rank() - 1) == pair.y.shape()) {
    pair.y = expand_dims(pair.y, -1);
    return pair;
  }
  throw ShapeError(fmt::format(
      "[quantile_loss] takes {} predictions on the last axis for each target, [..., {}] and [...], "
      "of one floating dtype: got {} and {}; reshape or cast one of them",
      quantiles, quantiles, pair.x.spec().text(), pair.y.spec().text()));
}

}  // namespace

Tensor mse(const Operand& x, const Operand& y, const LossOptions& options) {
  const Call call("mse", x.where());
  const auto [a, b] = detail::same_shapes("mse", x, y);
  return reduce_differences("mse", square(a - b), options.mask, options.reduction);
}

Tensor mse(const Operand& x, const Operand& y, Reduction reduction) {
  return mse(x, y, LossOptions{.reduction = reduction});
}

Tensor l1(const Operand& x, const Operand& y, const LossOptions& options) {
  const Call call("l1", x.where());
  const auto [a, b] = detail::same_shapes("l1", x, y);
  return reduce_differences("l1", abs(a - b), options.mask, options.reduction);
}

Tensor l1(const Operand& x, const Operand& y, Reduction reduction) {
  return l1(x, y, LossOptions{.reduction = reduction});
}

Tensor huber(const Operand& x, const Operand& y, const HuberOptions& options) {
  const Call call("huber", x.where());
  if (!(options.delta > 0)) {
    throw Error(
        fmt::format("[huber] delta is positive: got {}; it is where the loss turns from squared to absolute",
                    options.delta));
  }
  const auto [a, b] = detail::same_shapes("huber", x, y);
  const Tensor distance = abs(a - b);
  const Tensor inner = minimum(distance, options.delta);
  return reduce_differences("huber", inner * (distance - inner / 2), options.mask, options.reduction);
}

Tensor quantile_loss(const Operand& x, const Operand& y, const QuantileOptions& options) {
  const Call call("quantile_loss", x.where());
  const std::vector<double>& levels = options.quantiles;
  const auto inside = [](double q) { return q > 0 && q < 1; };
  if (levels.empty() || !std::all_of(levels.begin(), levels.end(), inside)) {
    throw Error(
        fmt::format("[quantile_loss] there are quantiles, each between 0 and 1: got [{}]; 0.5 is the median",
                    fmt::join(levels, ", ")));
  }
  const auto [a, b] = quantile_pair(x, y, static_cast<Index>(levels.size()));
  const Tensor q = cast(tensor(levels), a.dtype());
  const Tensor distance = b - a;
  // The shape of a scalar prediction has no axis for its quantile.
  const Tensor losses = levels.size() == 1 ? maximum(levels[0] * distance, (levels[0] - 1) * distance)
                                           : maximum(q * distance, (q - 1) * distance);
  return reduce_differences("quantile_loss", losses, options.mask, options.reduction);
}

}  // namespace sluice::nn
