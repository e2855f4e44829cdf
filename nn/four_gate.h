#pragma once

#include <sluice/nn/init.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/recurrent.h>

namespace sluice::nn {

struct FourGateOptions {
  bool bias = true;
  double forget_bias = 1;  ///< initial value of the forget gate's bias; the other biases start at zero
  /// Initialiser of the weights; by default U(-1/sqrt(hidden), 1/sqrt(hidden)).
  init::Initializer init = {};
  DType dtype = DType::float32;
};

/// The textbook cell with four gates, over a long-term memory LTM, a short-term memory STM and an event E
/// (x):
///
///   learn     N = tanh([E, STM] W_n + b_n),  I = sigmoid([E, STM] W_i + b_i),  learned = N * I
///   forget    F = sigmoid([E, STM] W_f + b_f),  kept = LTM * F
///   remember  LTM' = kept + learned
///   use       U = tanh(kept W_u + b_u),  V = sigmoid([E, STM] W_v + b_v),  STM' = U * V
///
/// Unlike in an LSTM, the use gate reads the memory that the forget gate kept, with its own weights. The
/// state is {STM, LTM}.
class FourGateCell : public Cell {
 public:
  using Options = FourGateOptions;
  FourGateCell(Index inputs, Index hidden, const Tensor& key, const FourGateOptions& options = {},
               Location where = Location::current());

  State step(const Tensor& x, const State& s) const override;
  void members(const Members& m) const override;

  Linear learn;   ///< W_n; this, ignore, forget and show have W [inputs + hidden, hidden], rows of E first
  Linear ignore;  ///< W_i
  Linear forget;  ///< W_f
  Linear use;     ///< W_u [hidden, hidden]
  Linear show;    ///< W_v
};

using FourGate = Recurrent<FourGateCell>;

}  // namespace sluice::nn
