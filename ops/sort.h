#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

struct SortOptions {
  bool descending = false;  ///< from the largest to the smallest
};

/// The elements along an axis in order. Floating-point or i32. NaN counts as larger than any number, as in
/// argmax and torch.sort: last or, descending, first. Gradient: each element's goes back to where it came
/// from. Throws ShapeError for an axis out of range and for bool.
Tensor sort(const Operand& x, Index axis = -1, SortOptions options = {});

/// The ids that put an axis in order, i32: sort(x, a) = take_along_axis(x, argsort(x, a), a). Stable:
/// equal elements stay in their order, also descending; 0 equals -0, NaN equals NaN. No gradient.
Tensor argsort(const Operand& x, Index axis = -1, SortOptions options = {});

struct TopK {
  Tensor values;
  Tensor ids;  ///< i32
};

/// The k largest elements along an axis, from the largest on, and their ids; of equal ones the first. The
/// axis has length k. Floating-point or i32; NaN counts as the largest. Gradient for x: that of the values at
/// their ids, 0 elsewhere. Throws ShapeError unless k lies in 0..n for an axis of n elements, for an axis out
/// of range and for bool.
TopK top_k(const Operand& x, Index k, Index axis = -1);

}  // namespace sluice
