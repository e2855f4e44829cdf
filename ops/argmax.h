#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The place of the largest element along an axis, which vanishes or, with `keep`, stays with length 1: i32.
/// The first one where several are equal; that of a NaN where there is one. Floating or i32. No gradient.
/// Throws ShapeError for an axis out of range, bool, and where there are no elements to choose from.
Tensor argmax(const Operand& x, Index axis = -1, bool keep = false);

/// The same for the smallest element.
Tensor argmin(const Operand& x, Index axis = -1, bool keep = false);

}  // namespace sluice
