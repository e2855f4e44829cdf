#pragma once

#include <sluice/nn/init.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/recurrent.h>

namespace sluice::nn {

struct MinGRUOptions {
  bool bias = true;
  /// Whether candidates pass g, which makes them and the state positive: the paper's form in log space, which
  /// it uses in its experiments. Without it, n = x W_n + b_n, the paper's plain form.
  bool positive = true;
  /// Initialiser of the weights; by default U(-1/sqrt(hidden), 1/sqrt(hidden)). Biases start at zero.
  init::Initializer init = {};
  DType dtype = DType::float32;
};

/// A gated recurrent unit whose gate and candidate see x only, so that the state is a running average of
/// candidates:
///
///   z = sigmoid(x W_z + b_z)               how much is new
///   n = g(x W_n + b_n)                     candidate, with g(v) = v + 0.5 for v >= 0, else sigmoid(v)
///   h' = (1 - z) * h + z * n
///
/// All products are made for all steps at once; the loop streams their results. It cannot count modulo a
/// number, as the state is linear in what it was. Feng et al., "Were RNNs all we needed?", 2024.
class MinGRUCell : public Cell {
 public:
  using Options = MinGRUOptions;
  /// Throws Error for sizes below 1.
  MinGRUCell(Index inputs, Index hidden, const Tensor& key, const MinGRUOptions& options = {},
             Location where = Location::current());

  State step(const Tensor& x, const State& s) const override;
  void members(const Members& m) const override;

  Linear update, candidate;  ///< each W is [inputs, hidden]

 private:
  bool positive_;
};

using MinGRU = Recurrent<MinGRUCell>;

namespace detail {
/// g(v) = v + 0.5 for v >= 0, else sigmoid(v): positive, increasing, and of one slope at 0 from the left, 0.25,
/// and another from the right, 1.
Tensor positive_candidate(const Tensor& v);
}  // namespace detail

}  // namespace sluice::nn
