#include <sluice/graph/arithmetic.h>
#include <sluice/nn/gate.h>
#include <sluice/nn/lstm.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/sigmoid.h>
#include <sluice/ops/tanh.h>

#include <fmt/format.h>

#include <cmath>
#include <vector>

namespace sluice::nn {

namespace {

/// The sizes of {h, c}. Throws Error for a negative projection.
std::vector<Index> lstm_sizes(Index hidden, const LSTMOptions& options, Location where) {
  if (options.projection < 0) {
    throw Error(fmt::format("[lstm_cell] a projection has a size, or 0 for none: got {}; pass the size of "
                            "the output",
                            options.projection),
                where);
  }
  return {options.projection > 0 ? options.projection : hidden, hidden};
}

Linear lstm_gate(Index inputs, Index hidden, const Tensor& key, int number, LSTMOptions options,
                 Location where, double bias = 0) {
  const Index width = inputs + lstm_sizes(hidden, options, where).front();
  if (options.norm != LSTMNorm::none) options.bias = false;  // the norm has it
  return detail::gate("lstm_cell", width, hidden, key, number, options, where, bias);
}

}  // namespace

LSTMCell::LSTMCell(Index inputs, Index hidden, const Tensor& key, const LSTMOptions& options, Location where)
    : Cell(inputs, lstm_sizes(hidden, options, where), where.of_call("lstm_cell")),
      forget(lstm_gate(inputs, hidden, key, 0, options, where, options.forget_bias)),
      input(lstm_gate(inputs, hidden, key, 1, options, where)),
      candidate(lstm_gate(inputs, hidden, key, 2, options, where)),
      output(lstm_gate(inputs, hidden, key, 3, options, where)),
      coupled_(options.coupled) {
  const sluice::detail::Call call("lstm_cell", where);
  if (coupled_) input.weight = input.bias = Variable();
  if (options.peepholes) {
    const auto peephole = [&] { return Variable(zeros({hidden}, options.dtype)); };
    peephole_forget = peephole();
    if (!coupled_) peephole_input = peephole();
    peephole_output = peephole();
  }
  if (options.norm != LSTMNorm::none) {
    const LayerNormOptions norm{.epsilon = options.norm_epsilon, .dtype = options.dtype};
    norm_forget.emplace(hidden, norm, Location{});
    norm_forget->shift = Variable(full({hidden}, options.forget_bias, options.dtype));
    if (!coupled_) norm_input.emplace(hidden, norm, Location{});
    norm_candidate.emplace(hidden, norm, Location{});
    norm_output.emplace(hidden, norm, Location{});
    if (options.norm == LSTMNorm::gates_and_memory) norm_memory.emplace(hidden, norm, Location{});
  }
  if (options.projection > 0) {
    LSTMOptions own = options;
    own.bias = options.projection_bias;
    const double bound = 1 / std::sqrt(static_cast<double>(hidden));  // of the hidden size, as all weights
    if (!own.init) own.init = init::uniform(-bound, bound);
    projection = detail::gate("lstm_cell", hidden, options.projection, key, 4, own, where);
  }
}

Tensor LSTMCell::sum_of(const Linear& gate, const Tensor& xh, const Variable& peephole, const Tensor& memory,
                        const std::optional<LayerNorm>& norm) const {
  Tensor sum = gate(xh);
  if (peephole.defined()) sum = sum + peephole * memory;
  return norm ? (*norm)(sum) : sum;
}

State LSTMCell::step(const Tensor& x, const State& s) const {
  const auto [h, c] = s.pair();
  const Tensor xh = concat({x, h}, -1);
  const Tensor f = sigmoid(sum_of(forget, xh, peephole_forget, c, norm_forget));
  const Tensor i = coupled_ ? 1 - f : sigmoid(sum_of(input, xh, peephole_input, c, norm_input));
  const Tensor n = tanh(sum_of(candidate, xh, {}, c, norm_candidate));
  const Tensor next = f * c + i * n;
  const Tensor o = sigmoid(sum_of(output, xh, peephole_output, next, norm_output));
  const Tensor shown = o * tanh(norm_memory ? (*norm_memory)(next) : next);
  return {projection ? (*projection)(shown) : shown, next};
}

std::vector<RecurrentWeight> LSTMCell::recurrent_weights() const {
  // By their shapes alone, a projection could be taken for one of them.
  std::vector<RecurrentWeight> found;
  for (const Linear* gate : {&forget, &input, &candidate, &output}) {
    if (gate->weight.defined()) found.push_back({gate->weight, inputs()});
  }
  return found;
}

void LSTMCell::members(const Members& m) const {
  m("forget", forget);
  if (!coupled_) m("input", input);
  m("candidate", candidate);
  m("output", output);
  const auto peephole = [&m](std::string_view name, const Variable& weight) {
    if (weight.defined()) m(name, weight);
  };
  peephole("peephole_forget", peephole_forget);
  peephole("peephole_input", peephole_input);
  peephole("peephole_output", peephole_output);
  const auto norm = [&m](std::string_view name, const std::optional<LayerNorm>& layer) {
    if (layer) m(name, *layer);
  };
  norm("norm_forget", norm_forget);
  norm("norm_input", norm_input);
  norm("norm_candidate", norm_candidate);
  norm("norm_output", norm_output);
  norm("norm_memory", norm_memory);
  if (projection) m("projection", *projection);
}

}  // namespace sluice::nn
