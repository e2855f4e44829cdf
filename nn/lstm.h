#pragma once

#include <sluice/nn/init.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/recurrent.h>

namespace sluice::nn {

struct LSTMOptions {
  bool bias = true;
  /// Initial value of the forget gate's bias; the other biases start at zero. With 1, an untrained cell
  /// remembers (Jozefowicz et al., "An empirical exploration of recurrent network architectures", 2015).
  double forget_bias = 1;
  /// Initialiser of the weights; by default U(-1/sqrt(hidden), 1/sqrt(hidden)).
  init::Initializer init = {};
  DType dtype = DType::float32;
};

/// Long short-term memory (Hochreiter and Schmidhuber, 1997; with the forget gate of Gers et al., 2000):
///
///   f = sigmoid([x, h] W_f + b_f)      forget gate
///   i = sigmoid([x, h] W_i + b_i)      input gate
///   n = tanh([x, h] W_n + b_n)         candidate
///   o = sigmoid([x, h] W_o + b_o)      output gate
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
