#include <sluice/graph/arithmetic.h>
#include <sluice/graph/call.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/exp_sums.h>
#include <sluice/ops/max.h>
#include <sluice/ops/maximum.h>
#include <sluice/ops/mean.h>
#include <sluice/ops/pool.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/where.h>

#include <fmt/format.h>

namespace sluice {

namespace {

/// Throws unless there are such windows; returns their stride.
Index stride_of_windows(const char* who, Index window, const PoolOptions& options) {
  constexpr Index most = Index{1} << 31;
  if (window < 1 || window >= most || options.stride < 0 || options.stride >= most) {
    throw Error(
        fmt::format("[{}] a window has a step at least, and the stride is not negative: got window {} and "
                    "stride {}; 2 is usual, and stride 0 for windows that adjoin",
                    who, window, options.stride));
  }
  return options.stride == 0 ? window : options.stride;
}

/// All windows: of those that adjoin, the steps beside each other, which `of_axis` reduces; else step k of
/// each window, which `of_two` joins one after the other.
template <class OfAxis, class OfTwo>
Tensor pooled(const char* who, const Tensor& x, Index window, const PoolOptions& options, OfAxis of_axis,
              OfTwo of_two) {
  const Index stride = stride_of_windows(who, window, options);
  if (x.rank() == 0) {
    throw ShapeError(
        fmt::format("[{}] takes x [time, ...]: got a scalar; pass a sequence, whose time is axis 0", who));
  }
  const Index time = x.dim(0);
  const Index count = time < window ? 0 : (time - window) / stride + 1;
  if (stride == window) {
    const Tensor whole = slice(x, 0, 0, count * window);
    return of_axis(reshape(whole, x.shape().with(0, count).inserted(1, window)));
  }
  if (count == 0) return slice(x, 0, 0, 0);
  const Index end = (count - 1) * stride + 1;
  Tensor y;
  for (Index k = 0; k < window; ++k) {
    const Tensor step = slice(x, 0, k, k + end, stride);
    y = y.defined() ? of_two(y, step) : step;
  }
  return y;
}

}  // namespace

Tensor max_pool(const Operand& x, Index window, const PoolOptions& options) {
  const detail::Call call("max_pool", x.where());
  const Tensor tensor = x.tensor();
  if (tensor.dtype() == DType::boolean) {
    throw ShapeError(
        fmt::format("[max_pool] takes numbers: got {}; cast it, or use any", tensor.spec().text()));
  }
  return pooled(
      "max_pool", tensor, window, options, [](const Tensor& windows) { return max(windows, 1); },
      [](const Tensor& a, const Tensor& b) { return maximum(a, b); });
}

Tensor mean_pool(const Operand& x, Index window, const PoolOptions& options) {
  const detail::Call call("mean_pool", x.where());
  const Tensor tensor = x.tensor();
  detail::require_floating(tensor.spec(), "mean_pool");
  const Tensor sums = pooled(
      "mean_pool", tensor, window, options, [](const Tensor& windows) { return mean(windows, 1); },
      [](const Tensor& a, const Tensor& b) { return a + b; });
  const bool adjoin = stride_of_windows("mean_pool", window, options) == window;
  return adjoin ? sums : sums / static_cast<double>(window);
}

Tensor pooled_lengths(const Operand& lengths, Index window, const PoolOptions& options) {
  const detail::Call call("pooled_lengths", lengths.where());
  const Index stride = stride_of_windows("pooled_lengths", window, options);
  const Tensor steps = lengths.tensor(DType::int32);
  if (steps.dtype() != DType::int32 || steps.rank() != 1) {
    throw ShapeError(
        fmt::format("[pooled_lengths] takes one length per sequence, i32[batch]: got {}; pass the number of "
                    "steps of each",
                    steps.spec().text()));
  }
  const auto number = [](Index i) { return full({}, static_cast<double>(i), DType::int32); };
  const Tensor windows = (maximum(steps, number(window)) - number(window)) / number(stride) + number(1);
  return where(steps >= number(window), windows, number(0));
}

}  // namespace sluice
