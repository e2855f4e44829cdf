#include <sluice/graph/arithmetic.h>
#include <sluice/nn/gate.h>
#include <sluice/nn/lstm.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/sigmoid.h>
#include <sluice/ops/tanh.h>

namespace sluice::nn {

using detail::gate;

LSTMCell::LSTMCell(Index inputs, Index hidden, const Tensor& key, const LSTMOptions& options, Location where)
    : Cell(inputs, {hidden, hidden}, where.of_call("lstm_cell")),
      forget(gate("lstm_cell", inputs + hidden, hidden, key, 0, options, where, options.forget_bias)),
      input(gate("lstm_cell", inputs + hidden, hidden, key, 1, options, where)),
      candidate(gate("lstm_cell", inputs + hidden, hidden, key, 2, options, where)),
      output(gate("lstm_cell", inputs + hidden, hidden, key, 3, options, where)) {}

State LSTMCell::step(const Tensor& x, const State& s) const {
  const auto [h, c] = s.pair();
  const Tensor xh = concat({x, h}, -1);
  const Tensor f = sigmoid(forget(xh));
  const Tensor i = sigmoid(input(xh));
  const Tensor n = tanh(candidate(xh));
  const Tensor o = sigmoid(output(xh));
  const Tensor next = f * c + i * n;
  return {o * tanh(next), next};
}

void LSTMCell::members(const Members& m) const {
  m("forget", forget);
  m("input", input);
  m("candidate", candidate);
  m("output", output);
}

}  // namespace sluice::nn
