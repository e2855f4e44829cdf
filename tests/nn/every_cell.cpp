#include "nn/every_cell.h"

#include <sluice/graph/evaluate.h>
#include <sluice/nn/four_gate.h>
#include <sluice/nn/gru.h>
#include <sluice/nn/ind_rnn.h>
#include <sluice/nn/irnn.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/min_gru.h>
#include <sluice/nn/min_lstm.h>
#include <sluice/nn/slstm.h>
#include <sluice/ops/random.h>

namespace sluice::test {

namespace {

template <class C>
EveryCell entry(const std::string& name, bool smooth, typename C::Options options = {}) {
  return {name, smooth,
          [options](Index inputs, Index hidden, const Tensor& key, DType dtype) -> nn::Part<nn::Cell> {
            typename C::Options own = options;
            own.dtype = dtype;
            return std::make_shared<const C>(inputs, hidden, key, own);
          }};
}

}  // namespace

std::vector<EveryCell> every_cell() {
  using nn::LSTMCell;
  constexpr auto gates = nn::LSTMNorm::gates;
  constexpr auto memory = nn::LSTMNorm::gates_and_memory;
  return {entry<nn::RNNCell>("RNN", true),
          entry<nn::RNNCell>("RNN, relu", false, {.activation = nn::RNNActivation::relu}),
          entry<nn::IRNNCell>("IRNN", false),
          entry<nn::IndRNNCell>("IndRNN", false),
          entry<nn::IndRNNCell>("IndRNN, tanh", true, {.activation = nn::RNNActivation::tanh}),
          entry<LSTMCell>("LSTM", true),
          entry<LSTMCell>("LSTM, peepholes", true, {.peepholes = true}),
          entry<LSTMCell>("LSTM, coupled", true, {.coupled = true}),
          entry<LSTMCell>("LSTM, projection", true, {.projection = 3, .projection_bias = true}),
          entry<LSTMCell>("LSTM, norm", true, {.norm = gates}),
          entry<LSTMCell>("LSTM, all", true,
                          {.peepholes = true, .coupled = true, .projection = 2, .norm = memory}),
          entry<nn::GRUCell>("GRU", true),
          entry<nn::GRUCell>("GRU, reset before", true, {.reset_after = false}),
          entry<nn::GRUCell>("GRU, norm", true, {.norm = true}),
          entry<nn::GRUCell>("GRU, norm, reset before", true, {.reset_after = false, .norm = true}),
          entry<nn::FourGateCell>("four-gate", true),
          entry<nn::MinGRUCell>("minGRU", false),
          entry<nn::MinGRUCell>("minGRU, plain", true, {.positive = false}),
          entry<nn::MinLSTMCell>("minLSTM", false),
          entry<nn::MinLSTMCell>("minLSTM, plain", true, {.positive = false}),
          entry<nn::SLSTMCell>("sLSTM", true),
          entry<nn::SLSTMCell>("sLSTM, 2 heads", true, {.heads = 2}),
          entry<nn::SLSTMCell>("sLSTM, exp", true, {.heads = 2, .exponential_forget = true})};
}

void draw_parameters(const nn::Module& module, int seed) {
  int use = 0;
  for (const NamedVariable& named : module.variables()) {
    const Variable& v = named.variable;
    const Tensor key = random::fold_in(random::key(seed), use++);
    v.assign(evaluate(random::uniform(key, v.shape(), -0.7, 0.7, v.dtype())));
  }
}

}  // namespace sluice::test
