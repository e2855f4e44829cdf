#pragma once

#include <sluice/optim/adam.h>

namespace sluice::optim {

struct AdamWOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 1e-2;
  bool amsgrad = false;
  // See CommonOptions.
  double clip_norm = 0;
  double clip_value = 0;
  bool skip_nonfinite = false;
  Schedule schedule = {};
};

/// Adam with decoupled weight decay: the decay does not enter the moments.
///
///     p' = (1 - rate * weight_decay) * p - rate * (m' / (1 - beta1^t)) / (sqrt(v' / (1 - beta2^t)) + eps)
///
/// with the moments m', v' of Adam computed from the gradient alone (states "m", "v" and, with amsgrad,
/// "v_max"). Loshchilov and Hutter, Decoupled weight decay regularization, 2019. Throws Error for options out
/// of range.
class AdamW final : public Adam {
 public:
  explicit AdamW(const std::vector<Group>& groups, const AdamWOptions& options = {},
                 Location where = Location::current());
  explicit AdamW(const NamedVariables& parameters, const AdamWOptions& options = {},
                 Location where = Location::current())
      : AdamW(std::vector<Group>{Group{.variables = parameters}}, options, where) {}

 private:
  void step(const std::vector<Slice>& slices, const Tensor& t, NewValues& next) const override;
};

}  // namespace sluice::optim
