#include <sluice/graph/arithmetic.h>
#include <sluice/nn/variational.h>
#include <sluice/ops/random.h>
#include <sluice/nn/wrapping.inl>

#include <fmt/format.h>

#include <utility>

namespace sluice::nn {

namespace {

/// x through the mask of a key, the same for all axes of x before the last two.
Tensor through_mask(const Tensor& x, const Tensor& key, double rate) {
  return detail::drop(x, random::bernoulli(key, 1 - rate, {x.dim(-2), x.dim(-1)}), rate);
}

void require_sequence_of_channels(const Tensor& x, Index rank) {
  if (x.defined() && x.rank() == rank && is_floating(x.dtype())) return;
  throw ShapeError(
      fmt::format("[variational_dropout] takes floating-point x [{}batch, channels]: got {}; time "
                  "is axis 0 of a whole sequence, and a step has none",
                  rank == 3 ? "time, " : "", x.defined() ? x.spec().text() : "an undefined tensor"));
}

void require_no_states(const States& states) {
  if (states.empty()) return;
  throw Error(fmt::format("[variational_dropout] has no state: got {} of them; pass none", states.size()));
}

void require_no_extra(const Tensors& extra) {
  if (extra.empty()) return;
  throw Error(
      fmt::format("[variational_dropout] extra tensors are for cells that take a context: got {}; leave them "
                  "out",
                  extra.size()));
}

std::vector<double> rates_of_parts(const VariationalOptions& options, std::size_t parts) {
  if (!options.state.empty()) return options.state;
  std::vector<double> rates(parts, 0);
  rates.front() = options.output;
  return rates;
}

}  // namespace

VariationalDropout::VariationalDropout(double rate, Location where) : rate_(rate) {
  detail::require_drop_rate("variational_dropout", rate, where);
}

Sequence VariationalDropout::operator()(const Tensor& x, const RecurrentCall& call, Location where) const {
  const sluice::detail::Call under_way("variational_dropout", where);
  require_sequence_of_channels(x, 3);
  require_no_states(call.initial);
  require_no_extra(call.extra);
  const Tensor present = detail::present("variational_dropout", call.lengths, x);
  detail::restarts("variational_dropout", call.resets, present, x, call.reverse);  // refuses wrong ones
  const Tensor shown = detail::only_present(x, present);
  if (call.mode == Mode::evaluate || rate_ == 0) return {shown, {}, call.lengths};
  const Tensor& key = detail::key_in_training("variational_dropout", call.key, rate_);
  return {through_mask(shown, key, rate_), {}, call.lengths};
}

Sequence VariationalDropout::step(const Tensor& x, const States& state, const StepContext& context,
                                  Location where) const {
  const sluice::detail::Call call("variational_dropout", where);
  require_sequence_of_channels(x, 2);
  require_no_states(state);
  require_no_extra(context.extra);
  if (context.mode == Mode::evaluate || rate_ == 0) return {x, {}};
  const Tensor& key = detail::key_in_training("variational_dropout", context.key, rate_);
  return {through_mask(x, key, rate_), {}};
}

States VariationalDropout::initial(Index, DType, Location) const { return {}; }

VariationalCell::VariationalCell(Part<Cell> inner, const VariationalOptions& options, Location where)
    : ContextCell(detail::wrapped("variational_cell", inner, where)->inputs(),
                  detail::wrapped("variational_cell", inner, where)->state_sizes(),
                  where.of_call("variational_cell")),
      inner_(std::move(inner)),
      input_rate_(options.input),
      rates_(rates_of_parts(options, state_sizes().size())) {
  if (rates_.size() != state_sizes().size()) {
    throw Error(
        fmt::format("[variational_cell] one rate for each part of the state: got {} for {} parts; pass as "
                    "many, or `output` for the first alone",
                    rates_.size(), state_sizes().size()),
        where);
  }
  detail::require_drop_rate("variational_cell", input_rate_, where);
  for (const double rate : rates_) detail::require_drop_rate("variational_cell", rate, where);
}

State VariationalCell::step_in(const Tensor& x, const State& s, const StepContext& context) const {
  StepContext own = context;
  if (context.sequence_key.defined()) own.sequence_key = random::fold_in(context.sequence_key, 0);
  if (context.mode == Mode::evaluate) return detail::held("variational_cell", inner_)(x, s, own);
  const auto masked = [&](const Tensor& whole, double rate, std::size_t number) {
    if (rate == 0) return whole;
    const Tensor& key = detail::key_in_training("variational_cell", context.sequence_key, rate);
    return through_mask(whole, random::fold_in(key, static_cast<int>(number)), rate);
  };
  State read;
  for (std::size_t i = 0; i < rates_.size(); ++i) read.parts.push_back(masked(s.parts[i], rates_[i], i + 2));
  return detail::held("variational_cell", inner_)(masked(x, input_rate_, 1), read, own);
}

State VariationalCell::start(Index batch, DType dtype) const {
  return detail::held("variational_cell", inner_).initial(batch, dtype);
}

std::vector<RecurrentWeight> VariationalCell::recurrent_weights() const {
  return detail::held("variational_cell", inner_).recurrent_weights();
}

const Cell& VariationalCell::inner(Location where) const {
  return detail::held("variational_cell", inner_, where);
}

void VariationalCell::members(const Members& m) const { m("inner", inner_); }

}  // namespace sluice::nn
