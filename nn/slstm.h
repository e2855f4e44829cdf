#pragma once

#include <sluice/nn/init.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/recurrent.h>

#include <vector>

namespace sluice::nn {

struct SLSTMOptions {
  bool bias = true;
  /// Parts of the units, of equal size, that do not see each other's last outputs; they divide the hidden size.
  Index heads = 1;
  /// Whether the forget gate is exp, as the input gate; otherwise it is sigmoid. The paper has both.
  bool exponential_forget = false;
  double forget_bias = 1;  ///< initial value of the forget gate's bias; the other biases start at zero
  /// Initialiser of the weights; by default U(-1/sqrt(hidden), 1/sqrt(hidden)). Recurrent weights are asked
  /// for head by head, as [hidden / heads, hidden / heads].
  init::Initializer init = {};
  DType dtype = DType::float32;
};

/// The scalar LSTM of the xLSTM, with exponential gates and a normaliser. With a_g = x W_g + h R_g + b_g:
///
///   z = tanh(a_z)                          candidate
///   o = sigmoid(a_o)                       output gate
///   m' = max(log f + m, a_i)               stabiliser, with log f = log(sigmoid(a_f)), or a_f
///   f = exp(log f + m - m')                forget gate, and
///   i = exp(a_i - m')                      input gate, both in units of exp(m')
///   c' = f * c + i * z
///   n' = f * n + i
///   h' = o * c' / n'
///
/// R_g is a block for each head. The state is {h, c, n, m}. It starts with c = n = 0 and m = -1e30, so that
/// the first step takes its own scale: then n >= 1 after every step, however large or small the gates, and
/// nothing is divided by zero. (From m = 0, as the equations are sometimes run, n vanishes if the first gates
/// are small.) Beck et al., "xLSTM: extended long short-term memory", 2024; their blocks normalise the output
/// of each head after the layer, which is left to the model.
class SLSTMCell : public Cell {
 public:
  using Options = SLSTMOptions;
  /// Throws Error for sizes below 1, and heads that do not divide the hidden size.
  SLSTMCell(Index inputs, Index hidden, const Tensor& key, const SLSTMOptions& options = {},
            Location where = Location::current());

  State step(const Tensor& x, const State& s) const override;
  State start(Index batch, DType dtype) const override;
  std::vector<RecurrentWeight> recurrent_weights() const override;
  void members(const Members& m) const override;

  Index heads() const { return heads_; }

  Linear forget, input, candidate, output;  ///< each W is [inputs, hidden]
  /// R_g [heads, hidden / heads, hidden / heads].
  Variable recurrent_forget, recurrent_input, recurrent_candidate, recurrent_output;

 private:
  Index heads_;
  bool exponential_forget_;
};

using SLSTM = Recurrent<SLSTMCell>;

}  // namespace sluice::nn
