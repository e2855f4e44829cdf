#include <sluice/graph/evaluate.h>
#include <sluice/nn/carried_state.h>
#include <sluice/ops/stop_gradient.h>
#include <sluice/nn/wrapping.inl>

#include <fmt/format.h>

#include <utility>

namespace sluice::nn {

CarriedState::CarriedState(Part<SequenceLayer> layers, Index batch, DType dtype, Location where)
    : layers_(detail::wrapped("carried_state", std::move(layers), where)), batch_(batch) {
  const sluice::detail::Call call("carried_state", where);
  if (batch < 1) {
    throw Error(
        fmt::format("[carried_state] a batch is at least 1: got {}; pass the number of sequences", batch));
  }
  for (const State& state : layers_->initial(batch, dtype)) {
    auto& parts = parts_.emplace_back();
    for (const Tensor& part : state.parts) parts.emplace_back(part, Location{});
  }
}

States CarriedState::read(Location where) const {
  const sluice::detail::Call call("carried_state", where);
  require_made();
  States states;
  for (const auto& parts : parts_) {
    State& state = states.emplace_back();
    for (const Variable& part : parts) state.parts.push_back(stop_gradient(part));
  }
  return states;
}

void CarriedState::assign(const States& states, Location where) const {
  const sluice::detail::Call call("carried_state", where);
  require_made();
  bool fits = states.size() == parts_.size();
  for (std::size_t i = 0; fits && i < parts_.size(); ++i) fits = states[i].parts.size() == parts_[i].size();
  if (!fits) {
    throw ShapeError(
        fmt::format("[carried_state] takes the states of all layers with all parts: got {} of {} states; "
                    "pass the `state` the layers returned",
                    states.size(), parts_.size()));
  }
  Tensors values;
  for (const State& state : states) values.insert(values.end(), state.parts.begin(), state.parts.end());
  // New parts are computed from old ones, so compute all before replacing the first. (A trace does so by
  // itself.)
  if (!is_tracing()) values = evaluate(values);
  auto value = values.begin();
  for (const auto& parts : parts_) {
    for (const Variable& part : parts) part.assign(*value++);
  }
}

void CarriedState::reset(Location where) const {
  const sluice::detail::Call call("carried_state", where);
  require_made();
  const NamedVariables all = variables();
  if (!all.empty())
    assign(layers_->initial(batch_, all.front().variable.dtype()));  // which nn::to may change
}

void CarriedState::require_made() const { detail::held("carried_state", layers_); }

void CarriedState::members(const Members& m) const {
  for (std::size_t i = 0; i < parts_.size(); ++i) m(std::to_string(i), parts_[i]);
}

}  // namespace sluice::nn
