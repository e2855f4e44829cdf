#include <sluice/graph/arithmetic.h>
#include <sluice/nn/gate.h>
#include <sluice/nn/gru.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/sigmoid.h>
#include <sluice/ops/tanh.h>

namespace sluice::nn {

using detail::gate;

GRUCell::GRUCell(Index inputs, Index hidden, const Tensor& key, const GRUOptions& options, Location where)
    : Cell(inputs, {hidden}, where.of_call("gru_cell")),
      reset(gate("gru_cell", inputs + hidden, hidden, key, 0, options, where)),
      update(gate("gru_cell", inputs + hidden, hidden, key, 1, options, where)),
      candidate(gate("gru_cell", inputs, hidden, key, 2, options, where)),
      candidate_hidden(gate("gru_cell", hidden, hidden, key, 3, options, where)),
      reset_after_(options.reset_after) {}

State GRUCell::step(const Tensor& x, const State& s) const {
  const Tensor& h = s.output();
  const Tensor xh = concat({x, h}, -1);
  const Tensor r = sigmoid(reset(xh));
  const Tensor z = sigmoid(update(xh));
  const Tensor recalled = reset_after_ ? r * candidate_hidden(h) : candidate_hidden(r * h);
  const Tensor n = tanh(candidate(x) + recalled);
  return {(1 - z) * n + z * h};
}

void GRUCell::members(const Members& m) const {
  m("reset", reset);
  m("update", update);
  m("candidate", candidate);
  m("candidate_hidden", candidate_hidden);
}

}  // namespace sluice::nn
