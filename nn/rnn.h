#pragma once

#include <sluice/nn/init.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/recurrent.h>

namespace sluice::nn {

enum class RNNActivation { tanh, relu };

struct RNNOptions {
  bool bias = true;
  RNNActivation activation = RNNActivation::tanh;
  /// Initialiser of the weights; by default U(-1/sqrt(hidden), 1/sqrt(hidden)). Biases start at zero.
  init::Initializer init = {};
  DType dtype = DType::float32;
  /// Initialiser of the rows of h of the weight, [hidden, hidden]; by default that of the others.
  init::Initializer recurrent_init = {};
};

/// The plain recurrent cell: h' = tanh([x, h] W + b), or relu. Elman, "Finding structure in time", 1990.
class RNNCell : public Cell {
 public:
  using Options = RNNOptions;
  RNNCell(Index inputs, Index hidden, const Tensor& key, const RNNOptions& options = {},
          Location where = Location::current());

  State step(const Tensor& x, const State& s) const override;
  void members(const Members& m) const override;

  Linear linear;  ///< W [inputs + hidden, hidden], rows of x first

 private:
  RNNActivation activation_;
};

using RNN = Recurrent<RNNCell>;

}  // namespace sluice::nn
