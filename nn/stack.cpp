#include <sluice/nn/stack.h>
#include <sluice/ops/random.h>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>

namespace sluice::nn {

namespace {

/// f(), whose errors say in which part of the stack they happened.
Sequence in_part(std::size_t i, const std::function<Sequence()>& f) {
  try {
    return f();
  } catch (Error& error) {
    error.add(fmt::format("; in part {} of a Stack", i));
    throw;
  }
}

Tensor key_of_part(const Tensor& key, std::size_t i) {
  return key.defined() ? random::fold_in(key, static_cast<int>(i)) : Tensor();
}

/// 0 of a scalar, which a function may return.
Index time_of(const Tensor& x) { return x.rank() > 0 ? x.dim(0) : 0; }

template <class T>
void append(std::vector<T>& all, std::vector<T> others) {
  std::move(others.begin(), others.end(), std::back_inserter(all));
}

}  // namespace

Sequence Stack::operator()(const Tensor& x, const RecurrentCall& call, Location where) const {
  const sluice::detail::Call under_way("stack", where);
  require_made();
  if (!x.defined() || !may_enter(x.rank(), 3)) {
    throw ShapeError(fmt::format("[stack] takes x [time, batch, {}]: got {}; time is axis 0",
                                 begins_with_layer() ? "channels" : "...",
                                 x.defined() ? x.spec().text() : "an undefined tensor"));
  }
  require_extra_taken(call.extra);
  Sequence run(x, {}, call.lengths);
  std::size_t taken = 0;
  bool padding_is_free = true;           // for anything to stand there; layers leave zeros
  std::optional<std::size_t> shortened;  // by which part
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const Item& item = items_[i];
    if (item.layer != nullptr && shortened && call.resets.defined()) {
      throw ShapeError(fmt::format(
          "[stack] resets are of the steps of x, which part {} shortens: got resets {} and x {} of "
          "part {}; put the stride before the Stack",
          *shortened, call.resets.spec().text(), run.spec().text(), i));
    }
    Sequence next = in_part(i, [&]() -> Sequence {
      const Tensor key = key_of_part(call.key, i);
      if (item.layer == nullptr) {
        // Functions of functions see what these made of the steps that are there.
        const bool fill = i == 0 || items_[i - 1].layer != nullptr;
        const Tensor present = detail::present("stack", run.lengths, run);
        const Tensor input = fill ? detail::fill_padding(run, present) : run.output();
        return {(*item.function)(input, call.mode, key), {}, run.lengths};
      }
      RecurrentCall own = call;
      own.lengths = run.lengths;
      own.key = key;
      if (!item.layer->takes_extra()) own.extra = {};
      if (!call.initial.empty()) own.initial = states_of(i, call.initial, taken, run.dim(1), run.dtype());
      return (*item.layer)(run, own, Location{});
    });
    append(run.state, std::move(next.state));
    if (time_of(next) != time_of(run)) shortened = i;
    static_cast<Tensor&>(run) = next.output();
    run.lengths = next.lengths;
    padding_is_free = item.layer == nullptr;
  }
  if (!call.initial.empty()) require_all_taken(call.initial, taken);
  if (padding_is_free) {
    static_cast<Tensor&>(run) = detail::only_present(run, detail::present("stack", run.lengths, run));
  }
  return run;
}

Sequence Stack::step(const Tensor& x, const States& state, const StepContext& context, Location where) const {
  const sluice::detail::Call under_way("stack", where);
  require_made();
  if (!x.defined() || !may_enter(x.rank(), 2)) {
    throw ShapeError(fmt::format(
        "[stack] a step takes x [batch, {}]: got {}; whole sequences go to the call operator",
        begins_with_layer() ? "channels" : "...", x.defined() ? x.spec().text() : "an undefined tensor"));
  }
  require_extra_taken(context.extra);
  Sequence run(x, {});
  std::size_t taken = 0;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const Item& item = items_[i];
    Sequence next = in_part(i, [&]() -> Sequence {
      if (item.layer == nullptr) return {(*item.function)(run, Mode::evaluate, Tensor()), {}};
      StepContext own = context;
      own.key = key_of_part(context.key, i);
      if (!item.layer->takes_extra()) own.extra = {};
      return item.layer->step(run, states_of(i, state, taken, run.dim(0), run.dtype()), own, Location{});
    });
    append(run.state, std::move(next.state));
    static_cast<Tensor&>(run) = next.output();
  }
  require_all_taken(state, taken);
  return run;
}

States Stack::initial(Index batch, DType dtype, Location where) const {
  const sluice::detail::Call under_way("stack", where);
  require_made();
  States states;
  for (const Item& item : items_) {
    if (item.layer != nullptr) append(states, item.layer->initial(batch, dtype, Location{}));
  }
  return states;
}

bool Stack::takes_extra() const {
  return std::any_of(items_.begin(), items_.end(),
                     [](const Item& item) { return item.layer != nullptr && item.layer->takes_extra(); });
}

std::vector<RecurrentWeight> Stack::recurrent_weights() const {
  std::vector<RecurrentWeight> all;
  for (const Item& item : items_) {
    if (item.layer != nullptr) append(all, item.layer->recurrent_weights());
  }
  return all;
}

void Stack::members(const Members& m) const {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].function == nullptr) {
      m(std::to_string(i), items_[i].layer);
    } else if (items_[i].function->is_module()) {
      m(std::to_string(i), items_[i].function);
    }
  }
}

void Stack::require_made() const {
  if (items_.empty()) {
    throw Error(
        "[stack] there is at least one part: got none, from the start or since it was moved from; give it "
        "parts, or use the Stack that it was moved to");
  }
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].layer != nullptr || items_[i].function != nullptr) continue;
    throw Error(
        fmt::format("[stack] takes layers: got a null pointer for part {}; pass one, or leave it out", i));
  }
}

bool Stack::begins_with_layer() const { return items_.front().layer != nullptr; }

bool Stack::may_enter(Index rank, Index wanted) const {
  return rank == wanted || (rank >= wanted - 1 && !begins_with_layer());
}

States Stack::states_of(std::size_t item, const States& all, std::size_t& taken, Index batch,
                        DType dtype) const {
  const std::size_t count = items_[item].layer->initial(batch, dtype, Location{}).size();
  if (taken + count > all.size()) {
    throw ShapeError(
        fmt::format("[stack] takes the states of all parts in their order: got {}, fewer than there are; "
                    "start from initial(batch)",
                    all.size()));
  }
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(taken);
  taken += count;
  return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

void Stack::require_all_taken(const States& all, std::size_t taken) const {
  if (taken == all.size()) return;
  throw ShapeError(
      fmt::format("[stack] takes the states of all parts in their order: got {} for {}; start from "
                  "initial(batch)",
                  all.size(), taken));
}

void Stack::require_extra_taken(const Tensors& extra) const {
  if (extra.empty() || takes_extra()) return;
  throw Error(
      fmt::format("[stack] extra tensors are for cells that take a context: got {}, and no part has one; "
                  "derive a cell from ContextCell, or leave them out",
                  extra.size()));
}

}  // namespace sluice::nn
