#pragma once

#include <sluice/nn/linear.h>
#include <sluice/ops/random.h>

#include <cmath>

namespace sluice::nn::detail {

/// The Linear of one gate of a cell: weights by options.init, by default U(-1/sqrt(hidden), 1/sqrt(hidden)),
/// and the bias, if there is one, initialised to `bias`. `who` is the cell, a literal, and `where` the line
/// that made it.
template <class Options>
Linear gate(const char* who, Index in, Index hidden, const Tensor& key, const Options& options,
            Location where, double bias = 0) {
  const sluice::detail::Call call(who, where);
  const double bound = 1 / std::sqrt(static_cast<double>(hidden));
  LinearOptions linear;
  linear.bias = options.bias;
  linear.init = options.init ? options.init : init::uniform(-bound, bound);
  linear.bias_init = init::constant(bias);
  linear.dtype = options.dtype;
  return Linear(in, hidden, key, linear, Location{});
}

/// The same with key `number` derived from the cell's key.
template <class Options>
Linear gate(const char* who, Index in, Index hidden, const Tensor& key, int number, const Options& options,
            Location where, double bias = 0) {
  const sluice::detail::Call call(who, where);
  return gate(who, in, hidden, random::fold_in({key, Location{}}, number), options, where, bias);
}

}  // namespace sluice::nn::detail
