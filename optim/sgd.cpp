#include <sluice/graph/arithmetic.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/where.h>
#include <sluice/optim/sgd.h>

#include <fmt/format.h>

namespace sluice::optim {

SGD::SGD(const std::vector<Group>& groups, const SGDOptions& options, Location where)
    : Optimizer("sgd", groups, common_options(options), where), options_(options) {
  detail::require_fraction("sgd", "momentum", options.momentum, where);
  detail::require_fraction("sgd", "dampening", options.dampening, where);
  if (options.nesterov && (options.momentum == 0 || options.dampening != 0)) {
    throw Error(
        fmt::format("[sgd] nesterov needs momentum and no dampening: got momentum {} and dampening {}; set "
                    "momentum, and leave dampening at 0",
                    options.momentum, options.dampening),
        where);
  }
  if (options.momentum > 0) momentum_ = state("momentum");
}

void SGD::step(const std::vector<Slice>& slices, const Tensor& t, NewValues& next) const {
  const double momentum = options_.momentum;
  const double dampening = options_.dampening;
  const Tensor share = where(t == 1, 1, full({}, 1 - dampening, DType::float64));  // of g in the momentum
  for (const Slice& p : slices) {
    const Tensor g = p.decayed_gradient();
    Tensor direction = g;
    if (momentum > 0) {
      const Tensor m = momentum * momentum_[p.index] + (dampening == 0 ? g : p.scalar(share) * g);
      direction = options_.nesterov ? g + momentum * m : m;
      next.set(momentum_[p.index], m);
    }
    next.set(p.variable, p.value - p.scalar(p.rate) * direction);
  }
}

}  // namespace sluice::optim
