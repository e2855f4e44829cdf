#pragma once

#include <sluice/nn/init.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/recurrent.h>
#include <sluice/nn/rnn.h>

#include <vector>

namespace sluice::nn {

struct IndRNNOptions {
  bool bias = true;
  RNNActivation activation = RNNActivation::relu;
  /// Initialiser of W; by default U(-1/sqrt(hidden), 1/sqrt(hidden)). The bias starts at zero.
  init::Initializer init = {};
  /// Initialiser of u, of shape [hidden]; by default U(0, 1). The paper's range for T steps, which it keeps
  /// while training, is [0, 2^(1/T)]: more makes the state grow over the steps.
  init::Initializer recurrent_init = {};
  DType dtype = DType::float32;
};

/// The recurrent cell of independent units, each with one weight for its own last value:
///
///   h' = relu(x W + b + u * h)
///
/// or tanh. The only product is one of x, so it is made for all steps at once. Li et al., "Independently
/// recurrent neural network (IndRNN): building a longer and deeper RNN", 2018.
class IndRNNCell : public Cell {
 public:
  using Options = IndRNNOptions;
  /// Throws Error for sizes below 1.
  IndRNNCell(Index inputs, Index hidden, const Tensor& key, const IndRNNOptions& options = {},
             Location where = Location::current());

  State step(const Tensor& x, const State& s) const override;
  std::vector<RecurrentWeight> recurrent_weights() const override;
  void members(const Members& m) const override;

  Linear linear;       ///< W [inputs, hidden] and b
  Variable recurrent;  ///< u [hidden]

 private:
  RNNActivation activation_;
};

using IndRNN = Recurrent<IndRNNCell>;

}  // namespace sluice::nn
