#include <sluice/optim/plateau.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice::optim {

namespace {

constexpr double smallest_change = 1e-8;

Tensor number(double value) { return full({}, value, DType::float64); }
double get(const Variable& variable) { return variable.value().item(); }
double worst(PlateauMode mode) {
  const double infinity = std::numeric_limits<double>::infinity();
  return mode == PlateauMode::min ? infinity : -infinity;
}
void set(const Variable& variable, double value) { variable.set(number(value).value()); }

}  // namespace

Plateau::Plateau(const Optimizer& optimizer, const PlateauOptions& options, Location where)
    : options_(options),
      learning_rate_(optimizer.learning_rate_variable()),
      best_(number(worst(options.mode))),
      bad_(number(0)),
      cooldown_(number(0)) {
  detail::require_fraction("plateau", "factor", options.factor, where);
  detail::require_not_negative("plateau", "patience", options.patience, where);
  detail::require_not_negative("plateau", "threshold", options.threshold, where);
  detail::require_not_negative("plateau", "cooldown", options.cooldown, where);
  detail::require_not_negative("plateau", "minimum", options.minimum, where);
}

bool Plateau::observe(double loss, Location where) {
  const sluice::detail::Call call("plateau", where);
  const double best = get(best_);
  const double margin =
      options_.threshold * (options_.threshold_mode == ThresholdMode::relative ? std::abs(best) : 1);
  const double gain = options_.mode == PlateauMode::min ? best - loss : loss - best;
  const bool better = std::isinf(best) ? gain > 0 : gain > margin;  // any number is better than none
  if (better) set(best_, loss);
  const double waiting = get(cooldown_);
  double bad = better ? 0 : get(bad_) + 1;
  if (waiting > 0) {
    set(cooldown_, waiting - 1);
    bad = 0;
  }
  const bool lower = bad > options_.patience;
  set(bad_, lower ? 0 : bad);
  if (!lower) return false;
  set(cooldown_, options_.cooldown);
  const double rate = get(learning_rate_);
  const double lowered = std::max(rate * options_.factor, options_.minimum);
  if (rate - lowered <= smallest_change) return false;
  set(learning_rate_, lowered);
  return true;
}

void Plateau::members(const Members& m) const { m("best", best_), m("bad", bad_), m("cooldown", cooldown_); }

NamedVariables Plateau::variables() const {
  NamedVariables found;
  Members{found}("plateau", *this);
  return found;
}

}  // namespace sluice::optim
