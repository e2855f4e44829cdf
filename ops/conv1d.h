#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// What a convolution over time reads where there are no steps: zeros, as many as this says.
enum class ConvPadding {
  valid,  ///< none: an output for each place where all taps lie on steps
  same,   ///< on both sides, as many outputs as steps; an odd one comes after the end, as PyTorch's
  causal  ///< before the first step: an output sees its own step and those before it
};

struct Conv1dOptions {
  ConvPadding padding = ConvPadding::valid;
  Index stride = 1;    ///< steps from one output to the next
  Index dilation = 1;  ///< steps from one tap to the next
  Index groups = 1;    ///< independent parts of the channels; `in` of them: depthwise
};

/// A convolution over time, which as PyTorch's does not flip its taps:
///
///   y[t, b, :] = sum_k x[t stride - before + k dilation, b, :] w[k],   k = 0, ..., taps - 1
///
/// x [time, batch, in], w [taps, in / groups, out], y [time', batch, out], where x counts as zero before its
/// first step and after its last one. With span = (taps - 1) dilation + 1, the steps from the first tap to
/// the last:
///
///   valid    before = 0                time' = (time - span) / stride + 1, rounded down; 0 if it is shorter
///   same     before = (span - 1) / 2   time' = time; the stride must be 1
///   causal   before = span - 1         time' = time / stride, rounded up
///
/// Group i reads channels i in / groups, ... of x and writes i out / groups, ... of y. Computed as products
/// of the rows of x where they lie, without copies of them. A weight of PyTorch, [out, in / groups, taps], is
/// transpose(weight, {2, 1, 0}) here. Gradient: for x the transposed convolution of dy, for w products of x
/// and dy, each of which has the others as its gradients.
///
/// Throws ShapeError for operands of other ranks, without taps, of dtypes that differ or are not
/// floating-point, and for channels that do not fit the groups, Error for a stride, dilation or groups below
/// 1 or above 2^24, and for ConvPadding::same with a stride.
Tensor conv1d(const Operand& x, const Operand& w, const Conv1dOptions& options = {});

/// The number of steps that conv1d gives for `time` steps. Throws Error for a negative time, no taps, and the
/// options that conv1d refuses.
Index conv1d_time(Index time, Index taps, const Conv1dOptions& options = {},
                  Location where = Location::current());

}  // namespace sluice
