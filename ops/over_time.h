#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The mean of the steps that are there, for lengths i32[batch]: y[b, ...] = sum_{t < lengths[b]} x[t, b,
/// ...] / lengths[b], and 0 for a sequence without steps. x [time, batch, ...] -> y [batch, ...]. Floating-point.
/// What stands in the padding, NaN too, changes nothing, gradients included. Throws ShapeError for x without
/// these axes, other lengths and other dtypes and, at run time, Error for a length outside of [0, time].
Tensor mean_over_time(const Operand& x, const Operand& lengths);

/// The largest of the steps that are there, in the same way: 0 for a sequence without steps. Gradient: dy,
/// shared by the largest where there are several.
Tensor max_over_time(const Operand& x, const Operand& lengths);

/// The last step that is there, in the same way: y[b, ...] = x[lengths[b] - 1, b, ...], 0 for a sequence
/// without steps. Of the outputs of a recurrent layer, what the whole sequence was summed up to.
Tensor last_step(const Operand& x, const Operand& lengths);

}  // namespace sluice
