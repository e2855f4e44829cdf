#include <sluice/graph/arithmetic.h>
#include <sluice/ops/maximum.h>
#include <sluice/ops/pow.h>
#include <sluice/ops/sqrt.h>
#include <sluice/ops/square.h>
#include <sluice/optim/adam.h>

namespace sluice::optim {

Adam::Adam(const char* who, const std::vector<Group>& groups, const AdamOptions& options, Location where)
    : Optimizer(who, groups, common_options(options), where), options_(options) {
  detail::require_fraction(who, "beta1", options.beta1, where);
  detail::require_fraction(who, "beta2", options.beta2, where);
  detail::require_not_negative(who, "eps", options.eps, where);
  m_ = state("m");
  v_ = state("v");
  if (options.amsgrad) v_max_ = state("v_max");
}

void Adam::step(const std::vector<Slice>& slices, const Tensor& t, NewValues& next) const {
  Tensors g;
  for (const Slice& p : slices) g.push_back(p.decayed_gradient());
  const Tensors taken = changes(slices, g, t, next);
  for (std::size_t k = 0; k < slices.size(); ++k) next.set(slices[k].variable, slices[k].value - taken[k]);
}

Tensors Adam::changes(const std::vector<Slice>& slices, const Tensors& g, const Tensor& t,
                      NewValues& next) const {
  const double beta1 = options_.beta1;
  const double beta2 = options_.beta2;
  const Tensor correction1 = 1 - pow(beta1, t);
  const Tensor correction2 = sqrt(1 - pow(beta2, t));
  Tensors taken;
  for (std::size_t k = 0; k < slices.size(); ++k) {
    const Slice& p = slices[k];
    const std::size_t i = p.index;
    const Tensor m = beta1 * m_[i] + (1 - beta1) * g[k];
    const Tensor v = finite_squares(beta2 * v_[i] + (1 - beta2) * square(g[k]));
    next.set(m_[i], m);
    next.set(v_[i], v);
    Tensor scale = v;
    if (options_.amsgrad) {
      scale = maximum(v_max_[i], v);
      next.set(v_max_[i], scale);
    }
    // Numerator and denominator times correction2: one scalar operation replaces a division per element.
    const Tensor deviation = sqrt(scale) + p.scalar(options_.eps * correction2);
    taken.push_back(p.scalar(p.rate * (correction2 / correction1)) * (m / deviation));
  }
  return taken;
}

}  // namespace sluice::optim
