#pragma once

#include <sluice/graph/tensor.h>

#include <concepts>

namespace sluice {

/// Consecutive slices of these lengths along an axis; concat is the inverse. Any dtype. Throws ShapeError
/// unless the sizes add up to the length of the axis.
Tensors split(const Operand& x, const std::vector<Index>& sizes, Index axis = 0);

/// The same in equal parts. Throws ShapeError if the length of the axis is not a multiple of their number.
Tensors split(const Operand& x, std::integral auto parts, Index axis = 0);

namespace detail {
Tensors split_evenly(const Operand& x, Index parts, Index axis);
}

Tensors split(const Operand& x, std::integral auto parts, Index axis) {
  return detail::split_evenly(x, static_cast<Index>(parts), axis);
}

}  // namespace sluice
