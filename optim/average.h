#pragma once

#include <sluice/optim/weight_average.h>

#include <cstdint>
#include <optional>

namespace sluice::optim {

struct AverageOptions {
  /// Averaging waits for start(), or for a report that is worse than the best of those more than so many
  /// reports before it; at least 1. If empty it begins with the first update.
  std::optional<std::int64_t> patience = {};
};

/// The plain average of parameters, all values with the same weight: a_n = a_(n-1) + (p_n - a_(n-1)) / n.
/// With SGD it is averaged SGD, torch.optim.ASGD with lambd 0 (Polyak and Juditsky, "Acceleration of
/// stochastic approximation by averaging", 1992); updated once in an epoch, stochastic weight averaging
/// (Izmailov et al., "Averaging weights leads to wider optima and better generalization", 2018); with
/// patience, NT-ASGD, which averages as soon as the validation loss has not got better for a while (Merity,
/// Keskar and Socher, "Regularizing and optimizing LSTM language models", 2017, with patience 5):
///
///     optim::SGD sgd(model.variables(), {.learning_rate = 30});
///     optim::Average average(model.variables(), {.patience = 5});
///     while (...) {
///       train_an_epoch();  // each step: sgd.update(loss), average.update()
///       average.observe(average.with_averages([&] { return validate(); }));
///     }
///
/// Until averaging begins the averages are the values of the last update, so that validation is always of
/// them, and a compiled step stays the same when it begins.
class Average final : public WeightAverage {
 public:
  /// Throws Error for a patience below 1, and as WeightAverage.
  explicit Average(const NamedVariables& parameters, const AverageOptions& options = {},
                   Location where = Location::current());

  /// Reports a validation loss; returns true if averaging begins because of it: with the next update. Worse
  /// means above, so a loss as good as the best does not count; NaN counts as worse than all. Throws Error
  /// without patience.
  bool observe(double loss, Location where = Location::current());

  /// Begins to average with the next update, anew if it has begun.
  void start(Location where = Location::current());
  bool started(Location where = Location::current()) const;

 private:
  Tensor weight(const Tensor& n) const override;
  Tensor next_count(const Tensor& n) const override;

  Variable started_;  ///< 1 or 0
  Variable best_;     ///< the least loss of those before the recent ones; with patience
  Variable recent_;   ///< the last `patience` losses, the latest last
};

}  // namespace sluice::optim
