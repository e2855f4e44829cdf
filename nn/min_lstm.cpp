#include <sluice/graph/arithmetic.h>
#include <sluice/nn/gate.h>
#include <sluice/nn/min_gru.h>
#include <sluice/nn/min_lstm.h>
#include <sluice/ops/log_sigmoid.h>
#include <sluice/ops/sigmoid.h>

namespace sluice::nn {

MinLSTMCell::MinLSTMCell(Index inputs, Index hidden, const Tensor& key, const MinLSTMOptions& options,
                         Location where)
    : Cell(inputs, {hidden}, where.of_call("min_lstm_cell")),
      forget(detail::gate("min_lstm_cell", inputs, hidden, key, 0, options, where, options.forget_bias)),
      input(detail::gate("min_lstm_cell", inputs, hidden, key, 1, options, where)),
      candidate(detail::gate("min_lstm_cell", inputs, hidden, key, 2, options, where)),
      positive_(options.positive) {}

State MinLSTMCell::step(const Tensor& x, const State& s) const {
  const Tensor kept = sigmoid(log_sigmoid(forget(x)) - log_sigmoid(input(x)));
  const Tensor v = candidate(x);
  const Tensor n = positive_ ? detail::positive_candidate(v) : v;
  // kept h + (1 - kept) n, with one product and less to keep for the way back.
  return {n + kept * (s.output() - n)};
}

void MinLSTMCell::members(const Members& m) const {
  m("forget", forget);
  m("input", input);
  m("candidate", candidate);
}

}  // namespace sluice::nn
