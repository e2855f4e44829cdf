#pragma once

#include <sluice/nn/init.h>
#include <sluice/nn/layer_norm.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/recurrent.h>

#include <optional>
#include <vector>

namespace sluice::nn {

struct GRUOptions {
  bool bias = true;
  /// Whether the reset gate is applied after the product with h (as in cuDNN and PyTorch) or before it (as in
  /// the paper).
  bool reset_after = true;
  /// Initialiser of the weights; by default U(-1/sqrt(hidden), 1/sqrt(hidden)). Biases start at zero.
  init::Initializer init = {};
  DType dtype = DType::float32;
  /// Layer normalisation of the sum of each gate and of both parts of the candidate (Ba et al., "Layer
  /// normalization", 2016). The shift of a norm is the bias of its product, so the Linears have none, whatever
  /// `bias` says.
  bool norm = false;
  double norm_epsilon = 1e-5;  ///< added to the variances
};

/// Gated recurrent unit (Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014):
///
///   r = sigmoid([x, h] W_r + b_r)                          how much of h the candidate sees
///   z = sigmoid([x, h] W_z + b_z)                          how much of h to keep
///   n = tanh(x W_n + b_n + r * (h U_n + c_n))              reset_after; otherwise
///   n = tanh(x W_n + b_n + (r * h) U_n + c_n)
///   h' = (1 - z) * n + z * h
///
/// With norm, LN(product) stands in place of each of these products and its bias: LN([x, h] W_r), LN(h U_n) or
/// LN((r * h) U_n), ..., with LN(s) = (s - mean(s)) / sqrt(var(s) + epsilon) * scale + shift.
class GRUCell : public Cell {
 public:
  using Options = GRUOptions;
  /// Throws Error for sizes below 1, an epsilon that is not positive if there is a norm.
  GRUCell(Index inputs, Index hidden, const Tensor& key, const GRUOptions& options = {},
          Location where = Location::current());

  State step(const Tensor& x, const State& s) const override;
  std::vector<RecurrentWeight> recurrent_weights() const override;
  void members(const Members& m) const override;

  Linear reset, update;     ///< each W is [inputs + hidden, hidden], rows of x first
  Linear candidate;         ///< W_n [inputs, hidden] and b_n
  Linear candidate_hidden;  ///< U_n [hidden, hidden] and c_n
  std::optional<LayerNorm> norm_reset, norm_update, norm_candidate, norm_candidate_hidden;  ///< none without

 private:
  bool reset_after_;
};

using GRU = Recurrent<GRUCell>;

}  // namespace sluice::nn
