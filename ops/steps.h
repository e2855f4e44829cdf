#pragma once

#include <sluice/ops/axes.h>

#include <vector>

namespace sluice::detail {

// Helpers for overrides of Op::at_all_steps.

/// The number of steps: the length of axis 0 of the inputs over time.
Index steps_of(const Tensors& inputs, const std::vector<bool>& over_time);

/// x [T, ...] with `rank` axes after time; missing ones are inserted directly after it with length 1, as
/// broadcasting requires.
Tensor with_step_rank(const Tensor& x, Index rank);

/// The inputs of a broadcasting op for all steps at once: inputs over time get as many axes after time as the
/// input of the highest rank.
Tensors aligned_over_time(const Tensors& inputs, const std::vector<bool>& over_time);

/// The inputs with time as axis 0 each: those that are not over time are repeated.
Tensors all_over_time(const Tensors& inputs, const std::vector<bool>& over_time);

}  // namespace sluice::detail
