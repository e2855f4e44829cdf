#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// Each slice along an axis `times` times in a row: repeat([1, 2], 2, 0) is [1, 1, 2, 2], as numpy.repeat and
/// torch.repeat_interleave. Any dtype. Gradient: dy summed over the copies. Throws ShapeError for an axis out
/// of range and a negative number of times.
Tensor repeat(const Operand& x, Index times, Index axis);

/// The whole tensor so many times along each axis: tile([1, 2], {2}) is [1, 2, 1, 2], as numpy.tile and
/// torch.tile. Where there are fewer numbers than axes they belong to the last ones, where there are more x
/// gets leading axes of length 1. Any dtype. Gradient: dy summed over the copies. Throws ShapeError for
/// negative numbers.
Tensor tile(const Operand& x, const std::vector<Index>& times);

}  // namespace sluice
