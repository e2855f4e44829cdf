#include <sluice/nn/gate.h>
#include <sluice/nn/rnn.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/random.h>
#include <sluice/ops/relu.h>
#include <sluice/ops/tanh.h>

namespace sluice::nn {

namespace {

/// The Linear of the cell; with recurrent_init, its weight is that of x over that of h.
Linear rnn_linear(Index inputs, Index hidden, const Tensor& key, const RNNOptions& options, Location where) {
  Linear linear = detail::gate("rnn_cell", inputs + hidden, hidden, key, options, where);
  if (!options.recurrent_init) return linear;
  const sluice::detail::Call call("rnn_cell", where);
  const Linear of_x = detail::gate("rnn_cell", inputs, hidden, key, 0, options, where);
  const Tensor of_h =
      init::first_value(options.recurrent_init, {hidden, hidden}, random::fold_in(key, 1), options.dtype);
  linear.weight = Variable(concat({of_x.weight, of_h}, 0));
  return linear;
}

}  // namespace

RNNCell::RNNCell(Index inputs, Index hidden, const Tensor& key, const RNNOptions& options, Location where)
    : Cell(inputs, {hidden}, where.of_call("rnn_cell")),
      linear(rnn_linear(inputs, hidden, key, options, where)),
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
