#include <sluice/graph/arithmetic.h>
#include <sluice/graph/call.h>
#include <sluice/ops/broadcast_to.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/exp_sums.h>
#include <sluice/ops/max.h>
#include <sluice/ops/maximum.h>
#include <sluice/ops/minimum.h>
#include <sluice/ops/over_time.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/sequence_mask.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/take_along_axis.h>
#include <sluice/ops/where.h>

#include <fmt/format.h>

#include <limits>

namespace sluice {

namespace {

/// The steps of padded sequences: lengths and mask with as many axes as x.
struct PaddedSteps {
  PaddedSteps(const char* who, const Operand& steps, const Operand& number) : x(steps.tensor()) {
    const Tensor n = number.tensor(DType::int32);
    if (x.rank() < 2 || n.spec() != Spec{DType::int32, {x.dim(1)}}) {
      throw ShapeError(fmt::format(
          "[{}] takes x [time, batch, ...] and one length per sequence, i32[batch]: got {} and {}; "
          "pass the number of steps of each",
          who, x.spec().text(), n.spec().text()));
    }
    detail::require_floating(x.spec(), who);
    Shape ones = x.shape();
    for (Index axis = 0; axis < ones.rank(); ++axis) ones = ones.with(axis, axis == 1 ? ones[1] : 1);
    of_batch = x.shape().erased(0);
    lengths = reshape(n, ones.erased(0));
    present = reshape(sequence_mask(n, x.dim(0)), ones.with(0, x.dim(0)));
  }

  /// The sum of what is there, and zeros without any time.
  Tensor total() const { return sum(where(present, x, zeros({}, x.dtype())), 0); }
  /// y of the sequences that have a step, which the mask knows: it refuses lengths that cannot be.
  Tensor where_there(const Tensor& y) const { return where(present[0], y, zeros({}, x.dtype())); }

  Tensor x;
  Tensor lengths;  ///< [batch, 1, ...]
  Tensor present;  ///< [time, batch, 1, ...]
  Shape of_batch;  ///< of the result
};

}  // namespace

Tensor mean_over_time(const Operand& x, const Operand& lengths) {
  const detail::Call call("mean_over_time", x.where());
  const PaddedSteps steps("mean_over_time", x, lengths);
  return steps.total() / cast(maximum(steps.lengths, full({}, 1, DType::int32)), steps.x.dtype());
}

Tensor max_over_time(const Operand& x, const Operand& lengths) {
  const detail::Call call("max_over_time", x.where());
  const PaddedSteps steps("max_over_time", x, lengths);
  if (steps.x.dim(0) == 0) return steps.total();
  const Tensor lowest = full({}, -std::numeric_limits<double>::infinity(), steps.x.dtype());
  return steps.where_there(max(where(steps.present, steps.x, lowest), 0));
}

Tensor last_step(const Operand& x, const Operand& lengths) {
  const detail::Call call("last_step", x.where());
  const PaddedSteps steps("last_step", x, lengths);
  if (steps.x.dim(0) == 0) return steps.total();
  const auto number = [](Index i) { return full({}, static_cast<double>(i), DType::int32); };
  const Tensor last = maximum(minimum(steps.lengths, number(steps.x.dim(0))) - 1, number(0));
  const Tensor ids = broadcast_to(last, steps.of_batch);
  const Tensor y = take_along_axis(steps.x, reshape(ids, steps.of_batch.inserted(0, 1)), 0);
  return steps.where_there(reshape(y, steps.of_batch));
}

}  // namespace sluice
