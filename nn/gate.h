#pragma once

#include <sluice/nn/linear.h>

#include <cmath>

namespace sluice::nn::detail {

/// The Linear of one gate of a cell: weights by options.init, by default U(-1/sqrt(hidden), 1/sqrt(hidden)),
/// and the bias, where there is one, with a first value of `bias`.
template <class Options>
Linear gate(Index in, Index hidden, const Tensor& key, const Options& options, double bias = 0) {
  const double bound = 1 / std::sqrt(static_cast<double>(hidden));
  LinearOptions linear;
  linear.bias = options.bias;
  linear.init = options.init ? options.init : init::uniform(-bound, bound);
  linear.bias_init = init::constant(bias);
  linear.dtype = options.dtype;
  return Linear(in, hidden, key, linear);
}

}  // namespace sluice::nn::detail
