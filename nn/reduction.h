#pragma once

#include <sluice/graph/tensor.h>

namespace sluice::nn {

/// The reduction over examples: their mean, their sum, or none.
enum class Reduction { mean, sum, none };

/// Options of a loss that has no others.
struct LossOptions {
  /// Which losses count, a bool of the shape of the losses or of their leading axes: bool[time, batch] for
  /// losses [time, batch, ...]. Those that do not count are 0 and not among those of the mean; what stands
  /// there, NaN too, changes nothing, gradients included. For sequences of different lengths it is
  /// sequence_mask(lengths, time). All count if undefined.
  Tensor mask = {};
  Reduction reduction = Reduction::mean;
};

}  // namespace sluice::nn
