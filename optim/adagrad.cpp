#include <sluice/graph/arithmetic.h>
#include <sluice/ops/sqrt.h>
#include <sluice/ops/square.h>
#include <sluice/optim/adagrad.h>

namespace sluice::optim {

Adagrad::Adagrad(const std::vector<Group>& groups, const AdagradOptions& options, Location where)
    : Optimizer("adagrad", groups, common_options(options), where), options_(options) {
  detail::require_not_negative("adagrad", "learning_rate_decay", options.learning_rate_decay, where);
  detail::require_not_negative("adagrad", "initial_accumulator", options.initial_accumulator, where);
  detail::require_not_negative("adagrad", "eps", options.eps, where);
  sum_ = state("sum", options.initial_accumulator);
}

void Adagrad::step(const std::vector<Slice>& slices, const Tensor& t, NewValues& next) const {
  const Tensor slowing = 1 + (t - 1) * options_.learning_rate_decay;
  for (const Slice& p : slices) {
    const Tensor g = p.decayed_gradient();
    const Tensor sum = finite_squares(sum_[p.index] + square(g));
    next.set(sum_[p.index], sum);
    next.set(p.variable, p.value - p.scalar(p.rate / slowing) * g / (sqrt(sum) + options_.eps));
  }
}

}  // namespace sluice::optim
