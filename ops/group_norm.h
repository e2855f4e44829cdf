#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// layer_norm of each of `groups` equal parts of the last axis, of neighbouring channels: with one group
/// layer_norm of all of it. In x [time, batch, channels] each step is normalised by itself, so that streaming
/// a sequence gives what the whole does: PyTorch's group_norm of [time * batch, channels], where that of
/// [batch, channels, time] would take the mean and variance over all of time, later steps included. Throws
/// ShapeError for a scalar, i32 and bool, and unless the channels are a multiple of the groups, of which
/// there is one at least, Error for a negative epsilon. Wu and He, "Group normalization", 2018.
Tensor group_norm(const Operand& x, Index groups, double epsilon = 1e-5);

/// The same, then y weight + bias with vectors of the length of the last axis.
Tensor group_norm(const Operand& x, Index groups, const Operand& weight, const Operand& bias,
                  double epsilon = 1e-5);

}  // namespace sluice
