#pragma once

#include <sluice/ops/axes.h>

#include <vector>

namespace sluice::detail {

// What ops share that answer Op::at_all_steps.

/// The number of steps: the length of axis 0 of what is over time.
Index steps_of(const Tensors& inputs, const std::vector<bool>& over_time);

/// x [T, ...] with `rank` axes behind time; those that are missing are put in next to it with length 1, where
/// broadcasting looks for them.
Tensor with_step_rank(const Tensor& x, Index rank);

/// The inputs of an op that broadcasts, as the same op takes them for all steps at once: what is over time
/// has as many axes behind time as the input with most of them.
Tensors aligned_over_time(const Tensors& inputs, const std::vector<bool>& over_time);

/// The inputs with time as axis 0 each: those that are not over time are repeated.
Tensors all_over_time(const Tensors& inputs, const std::vector<bool>& over_time);

}  // namespace sluice::detail
