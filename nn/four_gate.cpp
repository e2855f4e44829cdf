#include <sluice/graph/arithmetic.h>
#include <sluice/nn/four_gate.h>
#include <sluice/nn/gate.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/sigmoid.h>
#include <sluice/ops/tanh.h>

namespace sluice::nn {

using detail::gate;

FourGateCell::FourGateCell(Index inputs, Index hidden, const Tensor& key, const FourGateOptions& options,
                           Location where)
    : Cell(inputs, {hidden, hidden}, where.of_call("four_gate_cell")),
      learn(gate("four_gate_cell", inputs + hidden, hidden, key, 0, options, where)),
      ignore(gate("four_gate_cell", inputs + hidden, hidden, key, 1, options, where)),
      forget(gate("four_gate_cell", inputs + hidden, hidden, key, 2, options, where, options.forget_bias)),
      use(gate("four_gate_cell", hidden, hidden, key, 3, options, where)),
      show(gate("four_gate_cell", inputs + hidden, hidden, key, 4, options, where)) {}

State FourGateCell::step(const Tensor& x, const State& s) const {
  const auto [short_term, long_term] = s.pair();
  const Tensor event = concat({x, short_term}, -1);
  const Tensor learned = tanh(learn(event)) * sigmoid(ignore(event));
  const Tensor kept = long_term * sigmoid(forget(event));
  const Tensor remembered = kept + learned;
  const Tensor used = tanh(use(kept)) * sigmoid(show(event));
  return {used, remembered};
}

void FourGateCell::members(const Members& m) const {
  m("learn", learn);
  m("ignore", ignore);
  m("forget", forget);
  m("use", use);
  m("show", show);
}

}  // namespace sluice::nn
