#include <sluice/graph/arithmetic.h>
#include <sluice/nn/gate.h>
#include <sluice/nn/gru.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/sigmoid.h>
#include <sluice/ops/tanh.h>

namespace sluice::nn {

namespace {

Linear gru_gate(Index in, Index hidden, const Tensor& key, int number, GRUOptions options, Location where) {
  if (options.norm) options.bias = false;  // the norm has it
  return detail::gate("gru_cell", in, hidden, key, number, options, where);
}

Tensor gru_product(const Linear& linear, const Tensor& x, const std::optional<LayerNorm>& norm) {
  return norm ? (*norm)(linear(x)) : linear(x);
}

}  // namespace

GRUCell::GRUCell(Index inputs, Index hidden, const Tensor& key, const GRUOptions& options, Location where)
    : Cell(inputs, {hidden}, where.of_call("gru_cell")),
      reset(gru_gate(inputs + hidden, hidden, key, 0, options, where)),
      update(gru_gate(inputs + hidden, hidden, key, 1, options, where)),
      candidate(gru_gate(inputs, hidden, key, 2, options, where)),
      candidate_hidden(gru_gate(hidden, hidden, key, 3, options, where)),
      reset_after_(options.reset_after) {
  if (!options.norm) return;
  const sluice::detail::Call call("gru_cell", where);
  const LayerNormOptions norm{.epsilon = options.norm_epsilon, .dtype = options.dtype};
  for (std::optional<LayerNorm>* layer :
       {&norm_reset, &norm_update, &norm_candidate, &norm_candidate_hidden}) {
    layer->emplace(hidden, norm, Location{});
  }
}

State GRUCell::step(const Tensor& x, const State& s) const {
  const Tensor& h = s.output();
  const Tensor xh = concat({x, h}, -1);
  const Tensor r = sigmoid(gru_product(reset, xh, norm_reset));
  const Tensor z = sigmoid(gru_product(update, xh, norm_update));
  const auto recall = [this](const Tensor& of) {
    return gru_product(candidate_hidden, of, norm_candidate_hidden);
  };
  const Tensor recalled = reset_after_ ? r * recall(h) : recall(r * h);
  const Tensor n = tanh(gru_product(candidate, x, norm_candidate) + recalled);
  return {(1 - z) * n + z * h};
}

std::vector<RecurrentWeight> GRUCell::recurrent_weights() const {
  return {{reset.weight, inputs()}, {update.weight, inputs()}, {candidate_hidden.weight, 0}};
}

void GRUCell::members(const Members& m) const {
  m("reset", reset);
  m("update", update);
  m("candidate", candidate);
  m("candidate_hidden", candidate_hidden);
  if (!norm_reset) return;
  m("norm_reset", *norm_reset);
  m("norm_update", *norm_update);
  m("norm_candidate", *norm_candidate);
  m("norm_candidate_hidden", *norm_candidate_hidden);
}

}  // namespace sluice::nn
