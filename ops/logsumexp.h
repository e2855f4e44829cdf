#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// y = log(sum_i exp(x_i)) along an axis, which is removed or, with `keep`, kept with length 1; computed from
/// x - max(x), so that no exponential overflows. Minus infinity over no elements. Floating-point. Gradient:
/// dy softmax(x), 0 if all x are minus infinity. Throws ShapeError for an axis out of range, i32 and bool.
Tensor logsumexp(const Operand& x, Index axis = -1, bool keep = false);

}  // namespace sluice
