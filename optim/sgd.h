#pragma once

#include <sluice/optim/optimizer.h>

namespace sluice::optim {

struct SGDOptions {
  double learning_rate = 1e-2;
  double momentum = 0;
  double dampening = 0;
  double weight_decay = 0;
  bool nesterov = false;
  // See CommonOptions.
  double clip_norm = 0;
  double clip_value = 0;
  bool skip_nonfinite = false;
  Schedule schedule = {};
};

/// Stochastic gradient descent, optionally with momentum:
///
///     g = gradient + weight_decay * p
///     p' = p - rate * g                                            without momentum
///     m' = momentum * m + (1 - dampening) * g,  m_1 = g            state "momentum"
///     p' = p - rate * m'  or, for Nesterov,  p - rate * (g + momentum * m')
///
/// Sutskever, Martens, Dahl and Hinton, On the importance of initialization and momentum in deep learning,
/// 2013; the details are PyTorch's. Throws Error for options out of range: Nesterov needs momentum and no
/// dampening.
class SGD final : public Optimizer {
 public:
  explicit SGD(const std::vector<Group>& groups, const SGDOptions& options = {},
               Location where = Location::current());
  explicit SGD(const NamedVariables& parameters, const SGDOptions& options = {},
               Location where = Location::current())
      : SGD(std::vector<Group>{Group{.variables = parameters}}, options, where) {}

 private:
  void step(const std::vector<Slice>& slices, const Tensor& t, NewValues& next) const override;

  SGDOptions options_;
  std::vector<Variable> momentum_;
};

}  // namespace sluice::optim
