#pragma once

#include <sluice/optim/optimizer.h>

namespace sluice::optim {

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;
  bool amsgrad = false;
  // See CommonOptions.
  double clip_norm = 0;
  double clip_value = 0;
  bool skip_nonfinite = false;
  Schedule schedule = {};
};

/// Adam: steps of about the learning rate in every coordinate, whatever the scale of the gradient.
///
///     g  = gradient + weight_decay * p
///     m' = beta1 * m + (1 - beta1) * g                             state "m"
///     v' = beta2 * v + (1 - beta2) * g^2                           state "v"
///     p' = p - rate * (m' / (1 - beta1^t)) / (sqrt(v' / (1 - beta2^t)) + eps)
///
/// With amsgrad, the largest v' so far (state "v_max") replaces v' in the last line. The powers are computed
/// in float64, so the corrections hold for any number of steps.
///
/// Kingma and Ba, Adam: a method for stochastic optimization, 2015; Reddi, Kale and Kumar, On the convergence
/// of Adam and beyond, 2018. Throws Error for options out of range.
class Adam : public Optimizer {
 public:
  explicit Adam(const std::vector<Group>& groups, const AdamOptions& options = {},
                Location where = Location::current())
      : Adam("adam", groups, options, where) {}
  explicit Adam(const NamedVariables& parameters, const AdamOptions& options = {},
                Location where = Location::current())
      : Adam(std::vector<Group>{Group{.variables = parameters}}, options, where) {}

 protected:
  Adam(const char* who, const std::vector<Group>& groups, const AdamOptions& options, Location where);

  void step(const std::vector<Slice>& slices, const Tensor& t, NewValues& next) const override;

  /// The amounts that step t subtracts from the values, given gradients g; the new moments go to `next`.
  Tensors changes(const std::vector<Slice>& slices, const Tensors& g, const Tensor& t, NewValues& next) const;

 private:
  AdamOptions options_;
  std::vector<Variable> m_;
  std::vector<Variable> v_;
  std::vector<Variable> v_max_;  // with amsgrad
};

}  // namespace sluice::optim
