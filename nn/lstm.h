#pragma once

#include <sluice/nn/init.h>
#include <sluice/nn/layer_norm.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/recurrent.h>

#include <optional>
#include <vector>

namespace sluice::nn {

/// What an LSTM normalises.
enum class LSTMNorm {
  none,
  gates,             ///< each gate, before its function (as TensorFlow Lite does)
  gates_and_memory,  ///< the memory that is shown, too
};

struct LSTMOptions {
  bool bias = true;
  /// Initial value of the forget gate's bias; the other biases start at zero. With 1, an untrained cell
  /// remembers (Jozefowicz et al., "An empirical exploration of recurrent network architectures", 2015).
  double forget_bias = 1;
  /// Initialiser of the weights; by default U(-1/sqrt(hidden), 1/sqrt(hidden)).
  init::Initializer init = {};
  DType dtype = DType::float32;
  /// Whether the gates see the memory, each unit its own. Gers and Schmidhuber, "Recurrent nets that time and
  /// count", 2000.
  bool peepholes = false;
  /// Whether what is forgotten makes the room for what is written, i = 1 - f: no input gate (CIFG). Greff et
  /// al., "LSTM: a search space odyssey", 2017.
  bool coupled = false;
  /// Size of the output, if it is a projection of o * tanh(c') (LSTMP); 0 for none. Sak et al., "Long
  /// short-term memory recurrent neural network architectures for large scale acoustic modeling", 2014.
  Index projection = 0;
  bool projection_bias = false;
  /// Layer normalisation (Ba et al., "Layer normalization", 2016), of each gate by itself over its whole sum;
  /// the paper's form normalises the parts of x and of h, all gates in one. The shift of a gate's norm is the
  /// gate's bias, so the Linears of the gates have none, whatever `bias` says.
  LSTMNorm norm = LSTMNorm::none;
  double norm_epsilon = 1e-5;  ///< added to the variances
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
/// The state is {h, c}. Options change it, any of them together:
///
///   peepholes     p_f * c and p_i * c are added to the sums of f and i, p_o * c' to that of o
///   coupled       i = 1 - f
///   projection    h' = (o * tanh(c')) W_r, of [projection]: this is what the gates see of the last step
///   norm          each gate's function is of LN(sum), with sum = [x, h] W + p * c, in place of sum + b;
///                 with gates_and_memory, o * tanh(LN(c')) is shown, and c' carried as it is
///
/// with LN(s) = (s - mean(s)) / sqrt(var(s) + epsilon) * scale + shift.
class LSTMCell : public Cell {
 public:
  using Options = LSTMOptions;
  /// Throws Error for sizes below 1, a negative projection, an epsilon that is not positive if there is a
  /// norm.
  LSTMCell(Index inputs, Index hidden, const Tensor& key, const LSTMOptions& options = {},
           Location where = Location::current());

  State step(const Tensor& x, const State& s) const override;
  std::vector<RecurrentWeight> recurrent_weights() const override;  ///< those of the gates
  void members(const Members& m) const override;

  Linear forget, input, candidate, output;  ///< each W is [inputs + size of h, hidden], rows of x first
  Variable peephole_forget, peephole_input, peephole_output;  ///< [hidden]; undefined without peepholes
  std::optional<LayerNorm> norm_forget, norm_input, norm_candidate, norm_output;  ///< none without a norm
  std::optional<LayerNorm> norm_memory;  ///< only with gates_and_memory
  std::optional<Linear> projection;      ///< W_r [hidden, projection]; none without one

 private:
  Tensor sum_of(const Linear& gate, const Tensor& xh, const Variable& peephole, const Tensor& memory,
                const std::optional<LayerNorm>& norm) const;

  bool coupled_;
};

using LSTM = Recurrent<LSTMCell>;

}  // namespace sluice::nn
