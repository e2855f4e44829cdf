#include <sluice/graph/with_values.h>
#include <sluice/nn/weight_drop.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/random.h>
#include <sluice/ops/slice.h>
#include <sluice/nn/wrapping.inl>

#include <fmt/format.h>

#include <utility>

namespace sluice::nn {

namespace {

// What keys are for: the masks, and what the layers draw.
constexpr int for_masks = 0, for_layers = 1;

Tensor key_for_layers(const Tensor& key) {
  return key.defined() ? random::fold_in(key, for_layers) : Tensor();
}

/// The weight with some elements of its rows from first_row on away, and the others scaled.
Tensor drop_rows(const RecurrentWeight& one, const Tensor& key, double rate) {
  const Tensor all = one.weight;
  const Tensor rows = slice(all, 0, one.first_row);
  const Tensor kept = random::bernoulli(key, 1 - rate, rows.shape());
  const Tensor left = detail::drop(rows, kept, rate);
  return one.first_row == 0 ? left : concat({slice(all, 0, 0, one.first_row), left}, 0);
}

}  // namespace

WeightDrop::WeightDrop(Part<SequenceLayer> layer, double rate, Choice choice, Location where)
    : layer_(detail::wrapped("weight_drop", std::move(layer), where)),
      rate_(rate),
      choice_(std::move(choice)) {
  const sluice::detail::Call call("weight_drop", where);
  detail::require_drop_rate("weight_drop", rate, where);
  const std::vector<RecurrentWeight> dropped = recurrent_weights();
  if (dropped.empty()) {
    throw Error(
        fmt::format("[weight_drop] drops recurrent weights: got {}; pass a choice of Variables, or "
                    "override recurrent_weights() in the cell",
                    choice_ ? "a choice of none" : "layers that name none"));
  }
  for (const RecurrentWeight& one : dropped) {
    const Spec& spec = one.weight.spec();
    if (is_floating(spec.dtype) && spec.shape.rank() > 0 && one.first_row >= 0 &&
        one.first_row < spec.shape[0])
      continue;
    throw Error(
        fmt::format("[weight_drop] drops rows of a floating-point Variable from one of them on: got row "
                    "{} of {}; choose a row that it has",
                    one.first_row, one.weight.text()));
  }
}

Sequence WeightDrop::operator()(const Tensor& x, const RecurrentCall& call, Location where) const {
  const sluice::detail::Call under_way("weight_drop", where);
  RecurrentCall own = call;
  own.key = key_for_layers(call.key);
  return with_masks(call.mode, call.key, [&] { return detail::held("weight_drop", layer_)(x, own); });
}

Sequence WeightDrop::step(const Tensor& x, const States& state, const StepContext& context,
                          Location where) const {
  const sluice::detail::Call call("weight_drop", where);
  StepContext own = context;
  own.key = key_for_layers(context.key);
  return with_masks(context.mode, context.key,
                    [&] { return detail::held("weight_drop", layer_).step(x, state, own); });
}

Sequence WeightDrop::with_masks(Mode mode, const Tensor& key, const std::function<Sequence()>& run) const {
  if (mode == Mode::evaluate || rate_ == 0) return run();
  const Tensor own = random::fold_in(detail::key_in_training("weight_drop", key, rate_), for_masks);
  std::vector<Variable> variables;
  Tensors masked;
  for (const RecurrentWeight& one : recurrent_weights()) {
    const Tensor drawn = random::fold_in(own, static_cast<int>(masked.size()));
    variables.push_back(one.weight);
    masked.push_back(drop_rows(one, drawn, rate_));
  }
  std::optional<Sequence> result;
  with_values(variables, masked, [&] {
    result = run();
    return Tensors{};
  });
  return *std::move(result);
}

States WeightDrop::initial(Index batch, DType dtype, Location where) const {
  const sluice::detail::Call call("weight_drop", where);
  return detail::held("weight_drop", layer_).initial(batch, dtype, Location{});
}

bool WeightDrop::takes_extra() const { return layer_ != nullptr && layer_->takes_extra(); }

std::vector<RecurrentWeight> WeightDrop::recurrent_weights() const {
  if (!choice_) return detail::held("weight_drop", layer_).recurrent_weights();
  std::vector<RecurrentWeight> chosen;
  for (const NamedVariable& named : detail::held("weight_drop", layer_).variables()) {
    if (const std::optional<Index> row = choice_(named)) chosen.push_back({named.variable, *row});
  }
  return chosen;
}

const SequenceLayer& WeightDrop::layer(Location where) const {
  return detail::held("weight_drop", layer_, where);
}

void WeightDrop::members(const Members& m) const { m("layer", layer_); }

}  // namespace sluice::nn
