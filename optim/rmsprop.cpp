#include <sluice/graph/arithmetic.h>
#include <sluice/ops/maximum.h>
#include <sluice/ops/sqrt.h>
#include <sluice/ops/square.h>
#include <sluice/optim/rmsprop.h>

namespace sluice::optim {

RMSprop::RMSprop(const std::vector<Group>& groups, const RMSpropOptions& options, Location where)
    : Optimizer("rmsprop", groups, common_options(options), where), options_(options) {
  detail::require_fraction("rmsprop", "alpha", options.alpha, where);
  detail::require_fraction("rmsprop", "momentum", options.momentum, where);
  detail::require_not_negative("rmsprop", "eps", options.eps, where);
  v_ = state("v");
  if (options.centered) mean_ = state("mean");
  if (options.momentum > 0) momentum_ = state("momentum");
}

void RMSprop::step(const std::vector<Slice>& slices, const Tensor&, NewValues& next) const {
  const double alpha = options_.alpha;
  for (const Slice& p : slices) {
    const std::size_t i = p.index;
    const Tensor g = p.decayed_gradient();
    const Tensor v = finite_squares(alpha * v_[i] + (1 - alpha) * square(g));
    next.set(v_[i], v);
    Tensor variance = v;
    if (options_.centered) {
      const Tensor mean = alpha * mean_[i] + (1 - alpha) * g;
      next.set(mean_[i], mean);
      variance = maximum(v - square(mean), 0);  // rounding can make it negative
    }
    Tensor direction = g / (sqrt(variance) + options_.eps);
    if (options_.momentum > 0) {
      direction = options_.momentum * momentum_[i] + direction;
      next.set(momentum_[i], direction);
    }
    next.set(p.variable, p.value - p.scalar(p.rate) * direction);
  }
}

}  // namespace sluice::optim
