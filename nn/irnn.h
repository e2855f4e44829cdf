#pragma once

#include <sluice/nn/rnn.h>

namespace sluice::nn {

struct IRNNOptions {
  bool bias = true;
  /// Of the identity that the recurrent weights start from. Below 1 the state fades: 0.01 suits tasks that need
  /// no long memory.
  double scale = 1;
  /// Initialiser of the weights of x; by default N(0, 0.001^2), as in the paper. The bias starts at zero.
  init::Initializer init = {};
  DType dtype = DType::float32;
};

/// The recurrent cell h' = relu([x, h] W + b) whose weights of h start as a multiple of the identity, so that
/// an untrained cell keeps its state and gradients neither grow nor vanish. Le et al., "A simple way to
/// initialize recurrent networks of rectified linear units", 2015.
class IRNNCell : public RNNCell {
 public:
  using Options = IRNNOptions;
  /// Throws Error for sizes below 1.
  IRNNCell(Index inputs, Index hidden, const Tensor& key, const IRNNOptions& options = {},
           Location where = Location::current());
};

using IRNN = Recurrent<IRNNCell>;

}  // namespace sluice::nn
