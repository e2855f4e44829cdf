#pragma once

#include <sluice/nn/init.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/recurrent.h>

namespace sluice::nn {

struct MinLSTMOptions {
  bool bias = true;
  double forget_bias = 0;  ///< initial value of the forget gate's bias; more remembers longer
  /// Whether candidates pass g: see MinGRUOptions::positive.
  bool positive = true;
  /// Initialiser of the weights; by default U(-1/sqrt(hidden), 1/sqrt(hidden)). The other biases start at
  /// zero.
  init::Initializer init = {};
  DType dtype = DType::float32;
};

/// Long short-term memory whose gates and candidate see x only, with gates that sum to one:
///
///   f = sigmoid(x W_f + b_f)
///   i = sigmoid(x W_i + b_i)
///   n = g(x W_n + b_n)                     candidate, with g of the MinGRUCell
///   h' = (f / (f + i)) * h + (i / (f + i)) * n
///
/// The quotients are made of the logarithms of the gates, f / (f + i) = sigmoid(log f - log i): they are right
/// where both gates vanish. Feng et al., "Were RNNs all we needed?", 2024.
class MinLSTMCell : public Cell {
 public:
  using Options = MinLSTMOptions;
  /// Throws Error for sizes below 1.
  MinLSTMCell(Index inputs, Index hidden, const Tensor& key, const MinLSTMOptions& options = {},
              Location where = Location::current());

  State step(const Tensor& x, const State& s) const override;
  void members(const Members& m) const override;

  Linear forget, input, candidate;  ///< each W is [inputs, hidden]

 private:
  bool positive_;
};

using MinLSTM = Recurrent<MinLSTMCell>;

}  // namespace sluice::nn
