#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// x moved by `shift` places along an axis of length n; what leaves it at one end enters at the other:
/// y[i] = x[(i - shift) mod n], as numpy.roll and torch.roll. The shift may be negative or larger than n. Any
/// dtype. Gradient: dy moved back. Throws ShapeError for an axis out of range.
Tensor roll(const Operand& x, Index shift, Index axis);

}  // namespace sluice
