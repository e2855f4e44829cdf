#include <sluice/graph/arithmetic.h>
#include <sluice/nn/zoneout.h>
#include <sluice/ops/random.h>
#include <sluice/ops/where.h>
#include <sluice/nn/wrapping.inl>

#include <fmt/format.h>

#include <utility>

namespace sluice::nn {

Zoneout::Zoneout(const Part<Cell>& inner, double rate, Location where)
    : Zoneout(inner,
              std::vector<double>(detail::wrapped("zoneout", inner, where)->state_sizes().size(), rate),
              where) {}

Zoneout::Zoneout(Part<Cell> inner, std::vector<double> rates, Location where)
    : ContextCell(detail::wrapped("zoneout", inner, where)->inputs(),
                  detail::wrapped("zoneout", inner, where)->state_sizes(), where.of_call("zoneout")),
      inner_(std::move(inner)),
      rates_(std::move(rates)) {
  if (rates_.size() != state_sizes().size()) {
    throw Error(
        fmt::format("[zoneout] one rate for each part of the state: got {} for {} parts; pass as many, "
                    "or one number for all",
                    rates_.size(), state_sizes().size()),
        where);
  }
  for (const double rate : rates_) {
    if (rate >= 0 && rate <= 1) continue;
    throw Error(
        fmt::format("[zoneout] a rate is in [0, 1]: got {}; 0 keeps nothing, 0.5 every other unit", rate),
        where);
  }
}

State Zoneout::step_in(const Tensor& x, const State& s, const StepContext& context) const {
  const bool draws = context.mode == Mode::train && context.key.defined();
  StepContext own = context;
  if (draws) own.key = random::fold_in(context.key, static_cast<int>(rates_.size()));
  State next = detail::held("zoneout", inner_)(x, s, own);
  for (std::size_t i = 0; i < rates_.size(); ++i) {
    if (rates_[i] == 0) continue;
    Tensor& part = next.parts[i];
    if (context.mode == Mode::train) {
      const Tensor key =
          random::fold_in(detail::key_in_training("zoneout", context.key, rates_[i]), static_cast<int>(i));
      part = where(random::bernoulli(key, rates_[i], part.shape()), s.parts[i], part);
    } else {
      part = rates_[i] * s.parts[i] + (1 - rates_[i]) * part;
    }
  }
  return next;
}

State Zoneout::start(Index batch, DType dtype) const {
  return detail::held("zoneout", inner_).initial(batch, dtype);
}

std::vector<RecurrentWeight> Zoneout::recurrent_weights() const {
  return detail::held("zoneout", inner_).recurrent_weights();
}

const Cell& Zoneout::inner(Location where) const { return detail::held("zoneout", inner_, where); }

void Zoneout::members(const Members& m) const { m("inner", inner_); }

}  // namespace sluice::nn
