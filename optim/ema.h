#pragma once

#include <sluice/optim/weight_average.h>

namespace sluice::optim {

struct EMAOptions {
  double decay = 0.999;  ///< what an average keeps of itself in an update, in [0, 1)
  /// Whether the first values have no more weight than their place gives them: the weights of all values are
  /// those of their ages, divided by their sum. Without it the first value stands for all before it.
  bool correct_bias = false;
};

/// The exponential moving average of parameters: recent values count most.
///
///     a_1 = p_1,  a_n = a_(n-1) + w_n (p_n - a_(n-1))
///     w_n = 1 - decay, as torch.optim.swa_utils.get_ema_multi_avg_fn, or
///     w_n = (1 - decay) / (1 - decay^n)  with correct_bias: Adam's correction of an average begun at zero
///
/// Before the first update the averages are the parameters at construction. Polyak and Juditsky,
/// "Acceleration of stochastic approximation by averaging", 1992; Kingma and Ba, "Adam: a method for
/// stochastic optimization", 2015.
class EMA final : public WeightAverage {
 public:
  /// Throws Error for a decay outside of [0, 1), and as WeightAverage.
  explicit EMA(const NamedVariables& parameters, const EMAOptions& options = {},
               Location where = Location::current());

 private:
  Tensor weight(const Tensor& n) const override;

  EMAOptions options_;
};

}  // namespace sluice::optim
