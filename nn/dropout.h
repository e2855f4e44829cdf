#pragma once

#include <sluice/nn/module.h>

namespace sluice::nn {

/// Drops values at random during training, so that no unit relies on another: y = x * mask / (1 - rate) with
/// mask ~ Bernoulli(1 - rate) in Mode::train, y = x in Mode::evaluate. The scaling keeps the expectation.
/// Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.
class Dropout : public Module {
 public:
  /// Throws Error unless 0 <= rate < 1.
  explicit Dropout(double rate, Location where = Location::current());

  /// `key` determines the mask: the same key gives the same mask. Derive a new one for every step and every
  /// use (random::fold_in(key, step)). It is not read in Mode::evaluate or at rate 0. Throws Error for an
  /// undefined key.
  Tensor operator()(const Tensor& x, Mode mode, const Tensor& key,
                    Location where = Location::current()) const;

  void members(const Members&) const override {}
  double rate() const { return rate_; }

 private:
  double rate_;
};

}  // namespace sluice::nn
