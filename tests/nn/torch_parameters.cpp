#include "nn/torch_parameters.h"

#include "support/close.h"

namespace sluice::test {

std::vector<Gate> gates(const nn::RNNCell& cell) { return {{&cell.linear, 0}}; }

std::vector<Gate> gates(const nn::LSTMCell& cell) {
  return {{&cell.input, 0}, {&cell.forget, 1}, {&cell.candidate, 2}, {&cell.output, 3}};
}

std::vector<Gate> gates(const nn::GRUCell& cell) {
  return {{&cell.reset, 0},
          {&cell.update, 1},
          {&cell.candidate, 2, true, false},
          {&cell.candidate_hidden, 2, false, true}};
}

namespace {

std::string entry(const std::string& prefix, const char* name, std::size_t layer) {
  return prefix + name + "_l" + std::to_string(layer);
}

}  // namespace

Array weight_of(const Record& record, const std::string& prefix, std::size_t layer, const Gate& gate,
                const std::string& ending) {
  const auto hidden = static_cast<std::size_t>(gate.linear->out());
  Array result{{gate.linear->in(), gate.linear->out()}, {}};
  const auto append = [&](const char* name) {
    const Array all = record.array(entry(prefix, name, layer) + ending);
    const auto width = static_cast<std::size_t>(all.shape[1]);
    for (std::size_t in = 0; in < width; ++in) {
      for (std::size_t out = 0; out < hidden; ++out) {
        result.data.push_back(all.data[(gate.rows * hidden + out) * width + in]);
      }
    }
  };
  if (gate.from_x) append("weight_ih");
  if (gate.from_h) append("weight_hh");
  return result;
}

Array bias_of(const Record& record, const std::string& prefix, std::size_t layer, const Gate& gate,
              bool gradient, const std::string& ending) {
  const auto hidden = static_cast<std::size_t>(gate.linear->out());
  Array result{{gate.linear->out()}, std::vector<double>(hidden)};
  const auto add = [&](const char* name) {
    const Array all = record.array(entry(prefix, name, layer) + ending);
    for (std::size_t out = 0; out < hidden; ++out) result.data[out] += all.data[gate.rows * hidden + out];
  };
  if (gate.from_x) add("bias_ih");
  if (gate.from_h && !(gradient && gate.from_x)) add("bias_hh");
  return result;
}

void load(const Record& record, std::size_t layer, const std::vector<Gate>& gates,
          const std::string& ending) {
  for (const Gate& gate : gates) {
    gate.linear->weight.assign(
        constant(weight_of(record, "", layer, gate, ending), gate.linear->weight.dtype()));
    if (gate.linear->bias.defined()) {
      gate.linear->bias.assign(
          constant(bias_of(record, "", layer, gate, false, ending), gate.linear->bias.dtype()));
    }
  }
}

}  // namespace sluice::test
