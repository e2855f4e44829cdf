#pragma once

#include <sluice/graph/arithmetic.h>
#include <sluice/nn/reduction.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/maximum.h>
#include <sluice/ops/mean.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/where.h>

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

/// How losses of examples become one number.
namespace sluice::nn::detail {

/// The mask of losses of this shape, with as many axes: bool[time, batch, 1] for losses [time, batch, size].
/// Undefined if there is none. Throws ShapeError unless it is bool and has the leading axes of the losses.
inline Tensor mask_of(std::string_view who, const Tensor& mask, const Shape& losses) {
  if (!mask.defined()) return mask;
  bool fits = mask.dtype() == DType::boolean && mask.rank() <= losses.rank();
  for (Index i = 0; fits && i < mask.rank(); ++i) fits = mask.dim(i) == losses[i];
  if (!fits) {
    throw ShapeError(fmt::format(
        "[{}] a mask is bool, and has the shape of the losses or of their leading axes: got {} for "
        "losses {}; compare it with something, or transpose it",
        who, mask.spec().text(), losses.text()));
  }
  Tensor wide = mask;
  while (wide.rank() < losses.rank()) wide = expand_dims(wide, -1);
  return wide;
}

/// Weights y of the terms of losses: 0 where the mask does not count them. A zero is kept by multiply_no_nan,
/// whose gradient for the other operand has y as a factor, and this may be NaN.
inline Tensor only_counted(const Tensor& y, const Tensor& mask) {
  return mask.defined() ? where(mask, y, zeros_like(y)) : y;
}

/// The reduction of losses of which only those marked in `counted` count; the others are 0. All count if it
/// is undefined. The mean divides by the sum of the weights, which have the shape of the losses; each is 1 if
/// they are undefined. A mean of none is 0.
inline Tensor reduce(const Tensor& losses, const Tensor& counted, Reduction reduction,
                     const Tensor& weights = {}) {
  const Tensor those = only_counted(losses, counted);
  if (reduction == Reduction::none) return those;
  if (reduction == Reduction::sum) return sum(those);
  if (weights.defined()) {
    const Tensor total = sum(only_counted(weights, counted));
    return sum(those) / where(equal(total, 0), 1, total);
  }
  if (!counted.defined()) return mean(those);
  const Tensor marked = sum(cast(counted, losses.dtype()));
  const auto of_each =
      static_cast<double>(losses.size()) / static_cast<double>(std::max<Index>(counted.size(), 1));
  return sum(those) / maximum(of_each == 1 ? marked : of_each * marked, 1);
}

/// Both operands as tensors of one shape and dtype.
struct Pair {
  Tensor x, y;
};

/// Throws ShapeError unless both have one shape and floating-point dtype.
inline Pair same_shapes(std::string_view who, const Operand& a, const Operand& b) {
  Pair pair{a.tensor(b.is_number() ? DType::float32 : b.tensor().dtype()),
            b.tensor(a.is_number() ? DType::float32 : a.tensor().dtype())};
  if (pair.x.spec() == pair.y.spec() && is_floating(pair.x.dtype())) return pair;
  throw ShapeError(
      fmt::format("[{}] prediction and target have the same shape and floating dtype: got {} and {}; "
                  "reshape or cast one of them",
                  who, pair.x.spec().text(), pair.y.spec().text()));
}

}  // namespace sluice::nn::detail
