// Cells against loops over their equations, and against PyTorch's LSTM with a projection: values and all
// gradients.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/gru.h>
#include <sluice/nn/ind_rnn.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/min_gru.h>
#include <sluice/nn/min_lstm.h>
#include <sluice/nn/slstm.h>
#include <sluice/ops/random.h>
#include <sluice/ops/sum.h>

#include <algorithm>
#include <memory>

#include "nn/torch_parameters.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

namespace {

constexpr DType f64 = DType::float64;
constexpr Index inputs = 3, hidden = 4;

std::shared_ptr<const nn::Cell> cell_of(const Record& c) {
  const std::string cell = c.text("cell");
  const Tensor key = random::key(1);
  if (cell == "lstm") {
    nn::LSTMOptions options{.dtype = f64, .peepholes = c.flag("peepholes"), .coupled = c.flag("coupled")};
    options.projection = c.integer("projection");
    options.projection_bias = true;
    if (c.flag("norm")) options.norm = nn::LSTMNorm::gates_and_memory;
    return std::make_shared<const nn::LSTMCell>(inputs, hidden, key, options);
  }
  if (cell == "gru") {
    const nn::GRUOptions options{.reset_after = c.flag("reset_after"), .dtype = f64, .norm = true};
    return std::make_shared<const nn::GRUCell>(inputs, hidden, key, options);
  }
  if (cell == "ind_rnn") {
    nn::IndRNNOptions options{.dtype = f64};
    if (c.text("activation") == "tanh") options.activation = nn::RNNActivation::tanh;
    return std::make_shared<const nn::IndRNNCell>(inputs, hidden, key, options);
  }
  if (cell == "min_gru") {
    const nn::MinGRUOptions options{.positive = c.flag("positive"), .dtype = f64};
    return std::make_shared<const nn::MinGRUCell>(inputs, hidden, key, options);
  }
  if (cell == "min_lstm") {
    const nn::MinLSTMOptions options{.positive = c.flag("positive"), .dtype = f64};
    return std::make_shared<const nn::MinLSTMCell>(inputs, hidden, key, options);
  }
  REQUIRE(cell == "slstm");
  nn::SLSTMOptions options{.heads = c.integer("heads"), .dtype = f64};
  options.exponential_forget = c.flag("exponential_forget");
  return std::make_shared<const nn::SLSTMCell>(inputs, hidden, key, options);
}

void check_case(const Record& c) {
  const nn::RecurrentLayers layer({cell_of(c)});
  const NamedVariables variables = layer.variables();
  std::vector<std::string> names = c.texts("parameters");
  CHECK(variables.size() == names.size());

  const Variable x(constant(c.array("x")));
  Tensors wrt{x};
  std::vector<std::string> leaves{"x"};
  for (const NamedVariable& named : variables) {
    const std::string name = named.name.substr(2);  // without "0."
    REQUIRE(std::count(names.begin(), names.end(), name) == 1);
    named.variable.assign(constant(c.array(name)));
    wrt.push_back(named.variable);
    leaves.push_back(name);
  }
  nn::State start;
  const std::vector<std::string> parts =
      layer.cell(0).state_sizes().size() == 4
          ? std::vector<std::string>{"h", "c", "n", "m"}
          : (layer.cell(0).state_sizes().size() == 2 ? std::vector<std::string>{"h", "c"}
                                                     : std::vector<std::string>{"h"});
  for (const std::string& part : parts) {
    const Variable leaf(constant(c.array(part + "0")));
    start.parts.push_back(leaf);
    wrt.push_back(leaf);
    leaves.push_back(part + "0");
  }

  const nn::Sequence run = layer(x, {.initial = {start}});
  check_close(run.output(), c.array("output").data, 1e-11);
  Tensor loss = sum(run.output() * constant(c.array("seed.output")));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    check_close(run.state[0].parts[i], c.array(parts[i] + "_n").data, 1e-11);
    loss = loss + sum(run.state[0].parts[i] * constant(c.array("seed." + parts[i] + "_n")));
  }
  const Tensors gradients = evaluate(grad(loss, wrt));
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    INFO("gradient of " << leaves[i]);
    check_close(gradients[i], c.array("grad." + leaves[i]).data, 1e-10);
  }
}

/// One layer of an entry [layers, B, H].
Tensor one_layer(const test::Array& all, std::size_t layer) {
  const std::size_t size = all.data.size() / static_cast<std::size_t>(all.shape[0]);
  const auto begin = all.data.begin() + static_cast<std::ptrdiff_t>(layer * size);
  return tensor(std::vector<double>(begin, begin + static_cast<std::ptrdiff_t>(size)),
                {all.shape[1], all.shape[2]});
}

/// weight_hr of a layer is [projection, hidden]: ours is the other way round.
std::vector<double> projection_of(const Record& c, const std::string& prefix, std::size_t layer) {
  const test::Array all = c.array(prefix + "weight_hr_l" + std::to_string(layer));
  const auto rows = static_cast<std::size_t>(all.shape[0]), columns = static_cast<std::size_t>(all.shape[1]);
  std::vector<double> result;
  for (std::size_t k = 0; k < columns; ++k) {
    for (std::size_t r = 0; r < rows; ++r) result.push_back(all.data[r * columns + k]);
  }
  return result;
}

void check_torch_lstm(const Record& c) {
  const auto layers = static_cast<std::size_t>(c.integer("layers"));
  const nn::LSTMOptions options{.dtype = f64, .projection = c.integer("projection")};
  const nn::LSTM rnn(c.integer("layers"), inputs, hidden, random::key(1), {.cell = options});
  const Variable x(constant(c.array("x")));
  Tensors wrt{x};
  std::vector<std::vector<double>> expected{c.array("grad.x").data};
  nn::States start(layers);
  for (std::size_t k = 0; k < layers; ++k) {
    const nn::LSTMCell& cell = rnn.cell(static_cast<Index>(k));
    load(c, k, gates(cell));
    cell.projection->weight.assign(tensor(projection_of(c, "", k), cell.projection->weight.shape()));
    for (const std::string part : {"h", "c"}) {
      const Variable leaf(one_layer(c.array(part + "0"), k));
      start[k].parts.push_back(leaf);
      wrt.push_back(leaf);
      expected.push_back(numbers(one_layer(c.array("grad." + part + "0"), k)));
    }
    for (const Gate& gate : gates(cell)) {
      wrt.push_back(gate.linear->weight);
      expected.push_back(weight_of(c, "grad.", k, gate).data);
      wrt.push_back(gate.linear->bias);
      expected.push_back(bias_of(c, "grad.", k, gate, true).data);
    }
    wrt.push_back(cell.projection->weight);
    expected.push_back(projection_of(c, "grad.", k));
  }
  const nn::Sequence run = rnn(x, {.initial = start});
  check_close(run.output(), c.array("output").data, 1e-12);
  Tensor loss = sum(run.output() * constant(c.array("seed.output")));
  for (std::size_t k = 0; k < layers; ++k) {
    const auto [h, memory] = run.state[k].pair();
    check_close(h, one_layer(c.array("h_n"), k), 1e-12);
    check_close(memory, one_layer(c.array("c_n"), k), 1e-12);
    loss =
        loss + sum(h * one_layer(c.array("seed.h_n"), k)) + sum(memory * one_layer(c.array("seed.c_n"), k));
  }
  const Tensors gradients = evaluate(grad(loss, wrt));
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    INFO("gradient " << i << ", " << wrt[i].spec().text());
    check_close(gradients[i], expected[i], 1e-10);
  }
}

}  // namespace

TEST_CASE("Cells give the outputs, states and gradients of loops over their equations") {
  const Golden golden = Golden::open("cells.json");
  int count = 0;
  for (const std::string& name : golden.names()) {
    INFO(name);
    const Record c = golden.at(name);
    if (c.text("cell") == "torch_lstm") continue;
    check_case(c);
    ++count;
  }
  CHECK(count == 30);
}

TEST_CASE("The LSTM with a projection gives PyTorch's outputs, states and gradients") {
  const Golden golden = Golden::open("cells.json");
  for (const int layers : {1, 2}) check_torch_lstm(golden.at("torch lstm layers=" + std::to_string(layers)));
}
