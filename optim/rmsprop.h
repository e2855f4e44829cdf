#pragma once

#include <sluice/optim/optimizer.h>

namespace sluice::optim {

struct RMSpropOptions {
  double learning_rate = 1e-2;
  double alpha = 0.99;
  double eps = 1e-8;
  double weight_decay = 0;
  double momentum = 0;
  bool centered = false;
  // See CommonOptions.
  double clip_norm = 0;
  double clip_value = 0;
  bool skip_nonfinite = false;
  Schedule schedule = {};
};

/// RMSprop: the gradient divided by the root of a running mean of its squares.
///
///     g  = gradient + weight_decay * p
///     v' = alpha * v + (1 - alpha) * g^2                           state "v"
///     d  = sqrt(v') + eps
///     p' = p - rate * g / d
///
/// Centered, it divides by the standard deviation: a' = alpha * a + (1 - alpha) * g (state "mean") and d =
/// sqrt(max(v' - a'^2, 0)) + eps. With momentum, b' = momentum * b + g / d (state "momentum") and p' = p -
/// rate * b'.
///
/// Tieleman and Hinton, Neural networks for machine learning, lecture 6.5, 2012; centered: Graves, Generating
/// sequences with recurrent neural networks, 2013; eps outside of the root as in PyTorch. Throws Error for
/// options out of range.
class RMSprop final : public Optimizer {
 public:
  explicit RMSprop(const std::vector<Group>& groups, const RMSpropOptions& options = {},
                   Location where = Location::current());
  explicit RMSprop(const NamedVariables& parameters, const RMSpropOptions& options = {},
                   Location where = Location::current())
      : RMSprop(std::vector<Group>{Group{.variables = parameters}}, options, where) {}

 private:
  void step(const std::vector<Slice>& slices, const Tensor& t, NewValues& next) const override;

  RMSpropOptions options_;
  std::vector<Variable> v_;
  std::vector<Variable> mean_;      // when centered
  std::vector<Variable> momentum_;  // with momentum
};

}  // namespace sluice::optim
