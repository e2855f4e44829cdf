#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The index of the largest element along an axis, which is removed or, with `keep`, kept with length 1: i32.
/// The first of several equal ones; that of a NaN if there is one. Floating-point or i32. No gradient. Throws
/// ShapeError for an axis out of range, for bool, and over no elements.
Tensor argmax(const Operand& x, Index axis = -1, bool keep = false);

/// The same for the smallest element.
Tensor argmin(const Operand& x, Index axis = -1, bool keep = false);

}  // namespace sluice
