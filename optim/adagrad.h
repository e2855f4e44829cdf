#pragma once

#include <sluice/optim/optimizer.h>

namespace sluice::optim {

struct AdagradOptions {
  double learning_rate = 1e-2;
  double learning_rate_decay = 0;
  double initial_accumulator = 0;
  double eps = 1e-10;
  double weight_decay = 0;
  // See CommonOptions.
  double clip_norm = 0;
  double clip_value = 0;
  bool skip_nonfinite = false;
  Schedule schedule = {};
};

/// Adagrad: the gradient divided by the root of the sum of all its squares so far.
///
///     g  = gradient + weight_decay * p
///     s' = s + g^2,  s_0 = initial_accumulator                     state "sum"
///     p' = p - rate / (1 + (t - 1) * learning_rate_decay) * g / (sqrt(s') + eps)
///
/// Duchi, Hazan and Singer, Adaptive subgradient methods for online learning and stochastic optimization,
/// 2011. Throws Error for options out of range.
class Adagrad final : public Optimizer {
 public:
  explicit Adagrad(const std::vector<Group>& groups, const AdagradOptions& options = {},
                   Location where = Location::current());
  explicit Adagrad(const NamedVariables& parameters, const AdagradOptions& options = {},
                   Location where = Location::current())
      : Adagrad(std::vector<Group>{Group{.variables = parameters}}, options, where) {}

 private:
  void step(const std::vector<Slice>& slices, const Tensor& t, NewValues& next) const override;

  AdagradOptions options_;
  std::vector<Variable> sum_;
};

}  // namespace sluice::optim
