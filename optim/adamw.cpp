#include <sluice/graph/arithmetic.h>
#include <sluice/optim/adamw.h>

namespace sluice::optim {

namespace {

AdamOptions as_adam(const AdamWOptions& o) {
  return {.learning_rate = o.learning_rate,
          .beta1 = o.beta1,
          .beta2 = o.beta2,
          .eps = o.eps,
          .weight_decay = o.weight_decay,
          .amsgrad = o.amsgrad,
          .clip_norm = o.clip_norm,
          .clip_value = o.clip_value,
          .skip_nonfinite = o.skip_nonfinite,
          .schedule = o.schedule};
}

}  // namespace

AdamW::AdamW(const std::vector<Group>& groups, const AdamWOptions& options, Location where)
    : Adam("adamw", groups, as_adam(options), where) {}

void AdamW::step(const std::vector<Slice>& slices, const Tensor& t, NewValues& next) const {
  Tensors g;
  for (const Slice& p : slices) g.push_back(p.gradient);
  const Tensors taken = changes(slices, g, t, next);
  for (std::size_t k = 0; k < slices.size(); ++k) {
    const Slice& p = slices[k];
    const Tensor decayed = p.weight_decay == 0 ? p.value : p.scalar(1 - p.rate * p.weight_decay) * p.value;
    next.set(p.variable, decayed - taken[k]);
  }
}

}  // namespace sluice::optim
