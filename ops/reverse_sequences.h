#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// Each sequence back to front within its length, the padding where it was: y[t, b] = x[n_b - 1 - t, b] for
/// t < n_b, else x[t, b], with lengths n i32[batch]. x [time, batch, ...] of any dtype. Gradient for x:
/// reverse_sequences(dy, lengths). Throws ShapeError unless x has these axes and there is one length for each
/// sequence and, at run time, Error for a length outside of [0, time].
Tensor reverse_sequences(const Operand& x, const Operand& lengths);

}  // namespace sluice
