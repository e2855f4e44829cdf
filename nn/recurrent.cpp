#include <sluice/nn/recurrent.h>
#include <sluice/ops/random.h>
#include <sluice/ops/scan.h>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace sluice::nn {

namespace {

bool takes_context(const Cell& cell) { return dynamic_cast<const ContextCell*>(&cell) != nullptr; }

}  // namespace

RecurrentLayers::RecurrentLayers(Cells cells, double dropout, Location where)
    : cells_(std::move(cells)), dropout_(dropout, where) {
  const sluice::detail::Call call("recurrent", where);
  if (cells_.empty() || std::find(cells_.begin(), cells_.end(), nullptr) != cells_.end()) {
    throw Error(
        fmt::format("[recurrent] there is at least one layer, and no null pointer: got {} cells; pass one "
                    "per layer",
                    cells_.size()));
  }
  for (std::size_t i = 1; i < cells_.size(); ++i) {
    if (cells_[i]->inputs() == cells_[i - 1]->hidden()) continue;
    throw ShapeError(
        fmt::format("[recurrent] a layer takes the output of the one below: got {} inputs of layer {} above "
                    "{} of layer {}; make the sizes equal",
                    cells_[i]->inputs(), i, cells_[i - 1]->hidden(), i - 1));
  }
}

Sequence RecurrentLayers::operator()(const Tensor& x, const RecurrentCall& call, Location where) const {
  const sluice::detail::Call under_way("recurrent", where);
  require_input(x);
  if (!call.initial.empty()) require_states(call.initial);
  require_extra_taken(call.extra);
  const States start = call.initial.empty() ? initial(x.dim(1), x.dtype()) : call.initial;

  const Tensor present = detail::present("recurrent", call.lengths, x);
  const Tensor restarts = detail::restarts("recurrent", call.resets, present, x, call.reverse);

  Tensor output = x;
  States states;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    output = detail::fill_padding(output, present);
    if (i > 0 && call.mode == Mode::train && dropout_.rate() > 0) {
      const Tensor key = call.key.defined() ? random::fold_in(call.key, static_cast<int>(i)) : Tensor();
      output = dropout_(output, call.mode, key);
    }
    const Cell& cell = *cells_[i];
    Tensors xs{output};
    // Other cells and calls do without these in their loop.
    const auto over_time = [&xs](const Tensor& x) { return xs.push_back(x), xs.size() - 1; };
    const std::optional<std::size_t> number =
        takes_context(cell) ? std::optional(over_time(arange(x.dim(0)))) : std::nullopt;
    const std::optional<std::size_t> is_present =
        present.defined() ? std::optional(over_time(present)) : std::nullopt;
    const std::optional<std::size_t> restarts_here =
        restarts.defined() ? std::optional(over_time(restarts)) : std::nullopt;
    StepContext context;
    if (number) context = {call.mode, step_key(call.key, i), {}, call.extra, sequence_key(call.key, i)};
    const State first = restarts.defined() ? cell.initial(x.dim(1), x.dtype()) : State();

    const auto step = [&](const Tensors& carry, const Tensors& now) -> Carried {
      StepContext own = context;
      if (number) own.step = now[*number];
      if (own.key.defined()) own.key = random::fold_in(own.key, own.step);
      const Tensors before = restarts_here ? detail::select(now[*restarts_here], first.parts, carry) : carry;
      const Tensors next = cell(now[0], State(before), own).parts;
      if (!is_present) return {next, {next.front()}};
      // The output is made of the state that is carried on, so that gradients are added in the order that
      // they are without lengths, which gives the same bits.
      const Tensors kept = detail::select(now[*is_present], next, carry);
      return {kept, {detail::only_present(kept.front(), now[*is_present])}};
    };
    ScanOptions options;
    options.reverse = call.reverse;
    options.checkpoint = call.checkpoint;
    Carried run = scan(step, start[i].parts, xs, options);
    output = run.ys[0];
    states.push_back(State(std::move(run.carry)));
  }
  return {std::move(output), std::move(states), call.lengths};
}

Sequence RecurrentLayers::step(const Tensor& x, const States& state, const StepContext& context,
                               Location where) const {
  const sluice::detail::Call call("recurrent", where);
  made(where);
  require_states(state);
  require_extra_taken(context.extra);
  if (context.key.defined() && !context.step.defined()) {
    throw Error(
        "[recurrent] each step draws its own random numbers: got a key without the number of the step; pass "
        "it as `step`, an i32 scalar");
  }
  Tensor output = x;
  States states;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    StepContext own = context;
    own.sequence_key = sequence_key(context.key, i);
    if (takes_context(*cells_[i]) && context.key.defined())
      own.key = random::fold_in(step_key(context.key, i), context.step);
    states.push_back((*cells_[i])(output, state[i], own));
    output = states.back().output();
  }
  return {std::move(output), std::move(states)};
}

States RecurrentLayers::initial(Index batch, DType dtype, Location where) const {
  const sluice::detail::Call call("recurrent", where);
  made(where);
  States states;
  for (const auto& cell : cells_) states.push_back(cell->initial(batch, dtype));
  return states;
}

std::vector<RecurrentWeight> RecurrentLayers::recurrent_weights() const {
  std::vector<RecurrentWeight> all;
  for (const auto& cell : cells_) {
    for (RecurrentWeight& one : cell->recurrent_weights()) all.push_back(std::move(one));
  }
  return all;
}

void RecurrentLayers::members(const Members& m) const {
  for (std::size_t i = 0; i < cells_.size(); ++i) m(std::to_string(i), cells_[i]);
}

const Cell& RecurrentLayers::cell(Index layer, Location where) const {
  made(where);
  if (layer < 0 || layer >= layers()) {
    throw Error(fmt::format("[recurrent] layers count from 0: got layer {} of {}; pass 0 to {}", layer,
                            layers(), layers() - 1),
                where);
  }
  return *cells_[static_cast<std::size_t>(layer)];
}

const RecurrentLayers::Cells& RecurrentLayers::made(Location where) const {
  if (cells_.empty()) throw Error(detail::moved_from("recurrent"), where);
  return cells_;
}

void RecurrentLayers::require_input(const Tensor& x) const {
  const std::optional<DType> dtype = detail::dtype_of_variables(*made(Location{}).front());
  const bool fits = x.defined() && x.rank() == 3 && x.dim(2) == inputs();
  if (fits && (!dtype || x.dtype() == *dtype)) return;
  throw ShapeError(
      fmt::format("[recurrent] takes x {}[time, batch, {}]: got {}; {}", dtype ? name_of(*dtype) : "",
                  inputs(), x.defined() ? x.spec().text() : "an undefined tensor",
                  fits ? "cast it, or make the layers of its dtype"
                       : "time is axis 0, and the last axis is the width the first layer was made for"));
}

void RecurrentLayers::require_states(const States& states) const {
  if (states.size() == cells_.size()) return;
  throw ShapeError(
      fmt::format("[recurrent] takes one state per layer: got {} for {} layers; start from initial(batch)",
                  states.size(), cells_.size()));
}

void RecurrentLayers::require_extra_taken(const Tensors& extra) const {
  if (extra.empty()) return;
  if (takes_extra()) return;
  throw Error(
      fmt::format("[recurrent] extra tensors are for cells that take a context: got {}, and no layer is a "
                  "ContextCell; derive the cell from it, or leave them out",
                  extra.size()));
}

bool RecurrentLayers::takes_extra() const {
  return std::any_of(cells_.begin(), cells_.end(), [](const auto& cell) { return takes_context(*cell); });
}

Tensor RecurrentLayers::step_key(const Tensor& key, std::size_t layer) const {
  // The numbers below layers() are those of the dropout between the layers.
  return key.defined() ? random::fold_in(key, static_cast<int>(cells_.size() + layer)) : Tensor();
}

Tensor RecurrentLayers::sequence_key(const Tensor& key, std::size_t layer) const {
  // Steps have numbers from 0.
  return key.defined() ? random::fold_in(step_key(key, layer), -1) : Tensor();
}

namespace detail {

std::optional<DType> dtype_of_variables(const Cell& cell) {
  std::optional<DType> dtype;
  for (const NamedVariable& named : cell.variables()) {
    if (!is_floating(named.variable.dtype())) continue;
    if (dtype && *dtype != named.variable.dtype()) return std::nullopt;
    dtype = named.variable.dtype();
  }
  return dtype;
}

Tensors layer_keys(const Tensor& key, Index layers) {
  constexpr Index most = 1 << 20;
  if (layers < 1 || layers > most) {
    throw Error(fmt::format(
        "[recurrent] there is at least one layer, and at most {}: got {}; pass a number of layers", most,
        layers));
  }
  return random::split(key, static_cast<int>(layers));
}

}  // namespace detail

}  // namespace sluice::nn
