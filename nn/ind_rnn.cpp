#include <sluice/graph/arithmetic.h>
#include <sluice/nn/gate.h>
#include <sluice/nn/ind_rnn.h>
#include <sluice/ops/random.h>
#include <sluice/ops/relu.h>
#include <sluice/ops/tanh.h>

namespace sluice::nn {

IndRNNCell::IndRNNCell(Index inputs, Index hidden, const Tensor& key, const IndRNNOptions& options,
                       Location where)
    : Cell(inputs, {hidden}, where.of_call("ind_rnn_cell")),
      linear(detail::gate("ind_rnn_cell", inputs, hidden, key, 0, options, where)),
      activation_(options.activation) {
  const sluice::detail::Call call("ind_rnn_cell", where);
  const init::Initializer init = options.recurrent_init ? options.recurrent_init : init::uniform(0, 1);
  recurrent = Variable(init::first_value(init, {hidden}, random::fold_in(key, 1), options.dtype));
}

State IndRNNCell::step(const Tensor& x, const State& s) const {
  const Tensor y = linear(x) + recurrent * s.output();
  return {activation_ == RNNActivation::tanh ? tanh(y) : relu(y)};
}

std::vector<RecurrentWeight> IndRNNCell::recurrent_weights() const { return {{recurrent, 0}}; }

void IndRNNCell::members(const Members& m) const {
  // The members of the linear are those of the cell, as in an RNNCell: "weight", "bias".
  linear.members(m);
  m("recurrent", recurrent);
}

}  // namespace sluice::nn
