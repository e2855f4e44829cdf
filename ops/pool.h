#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

struct PoolOptions {
  Index stride = 0;  ///< steps from one window to the next; 0: as many as a window has, which then adjoin
};

/// The largest of each window of `window` steps, for each of the other axes: y[t, ...] = max_k x[t stride +
/// k, ...], k = 0, ..., window - 1. x [time, ...] -> y [time', ...], with time' = (time - window) / stride + 1
/// rounded down, and 0 if there is no whole window: steps that fill none are left out, as PyTorch's
/// max_pool1d does without padding. NaN if there is one. Floating-point or i32. Gradient: dy, shared by the
/// largest where there are several, in equal parts if windows adjoin; PyTorch gives it to the first. Throws ShapeError for a scalar and bool,
/// Error for a window below 1 and a stride below 0.
Tensor max_pool(const Operand& x, Index window, const PoolOptions& options = {});

/// The mean of each window, in the same way: PyTorch's avg_pool1d. Floating-point.
Tensor mean_pool(const Operand& x, Index window, const PoolOptions& options = {});

/// The lengths, i32[batch], of what pooling makes of sequences of these lengths: those windows that lie in
/// the sequence. What a pool gives past them mixes steps with padding, and is for a mask to hide. Throws
/// ShapeError for other lengths, Error as max_pool.
Tensor pooled_lengths(const Operand& lengths, Index window, const PoolOptions& options = {});

}  // namespace sluice
