#include <sluice/nn/gate.h>
#include <sluice/nn/rnn.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/relu.h>
#include <sluice/ops/tanh.h>

namespace sluice::nn {

RNNCell::RNNCell(Index inputs, Index hidden, const Tensor& key, const RNNOptions& options, Location where)
    : Cell(inputs, {hidden}, where.of_call("rnn_cell")),
      linear(detail::gate("rnn_cell", inputs + hidden, hidden, key, options, where)),
      activation_(options.activation) {}

State RNNCell::step(const Tensor& x, const State& s) const {
  const Tensor y = linear(concat({x, s.output()}, -1));
  return {activation_ == RNNActivation::tanh ? tanh(y) : relu(y)};
}

void RNNCell::members(const Members& m) const {
  // The members of the linear are those of the cell, so that names stay short: "weight", "bias".
  linear.members(m);
}

}  // namespace sluice::nn
