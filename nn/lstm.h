#pragma once

#include <sluice/nn/init.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/recurrent.h>

namespace sluice::nn {

struct LSTMOptions {
  bool bias = true;
  /// First value of the forget gate's bias; the other biases start at zero. 1 lets a fresh cell remember
  /// (Jozefowicz et al., "An empirical exploration of recurrent network architectures", 2015).
  double forget_bias = 1;
  /// First values of the weights; by default U(-1/sqrt(hidden), 1/sqrt(hidden)).
  init::Initializer init = {};
  DType dtype = DType::float32;
};

/// Long short-term memory (Hochreiter and Schmidhuber, 1997; with the forget gate of Gers et al., 2000):
///
///   f = sigmoid([x, h] W_f + b_f)      what to keep
///   i = sigmoid([x, h] W_i + b_i)      what to write
///   n = tanh([x, h] W_n + b_n)         the candidate to write
///   o = sigmoid([x, h] W_o + b_o)      what to show
///   c' = f * c + i * n
///   h' = o * tanh(c')
///
/// The state is {h, c}.
class LSTMCell : public Cell {
 public:
  using Options = LSTMOptions;
  LSTMCell(Index inputs, Index hidden, const Tensor& key, const LSTMOptions& options = {},
           Location where = Location::current());

  State step(const Tensor& x, const State& s) const override;
  void members(const Members& m) const override;

  Linear forget, input, candidate, output;  ///< each W is [inputs + hidden, hidden], rows of x first
};

using LSTM = Recurrent<LSTMCell>;

}  // namespace sluice::nn
