#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/recurrent.h>
#include <sluice/ops/random.h>
#include <sluice/ops/sum.h>

#include "nn/torch_parameters.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

namespace {

// One layer's part of an entry [layers, B, H].
Tensor layer_of(const test::Array& all, std::size_t layer) {
  const std::size_t size = all.data.size() / static_cast<std::size_t>(all.shape[0]);
  const auto begin = all.data.begin() + static_cast<std::ptrdiff_t>(layer * size);
  return tensor(std::vector<double>(begin, begin + static_cast<std::ptrdiff_t>(size)),
                {all.shape[1], all.shape[2]});
}

template <class C>
void check_against_torch(const std::string& file, const std::vector<std::string>& states, bool small) {
  const Golden golden = Golden::open(file);
  const double tolerance = small ? 2e-5 : 1e-10;
  for (const std::string& name : golden.names()) {
    INFO(file << ", " << name);
    const Record c = golden.at(name);
    const auto layers = static_cast<std::size_t>(c.integer("layers"));

    nn::RecurrentOptions<C> options;
    options.cell.bias = c.flag("bias");
    options.cell.dtype = small ? DType::float32 : DType::float64;
    const DType dtype = options.cell.dtype;
    const nn::Recurrent<C> rnn(c.integer("layers"), c.integer("I"), c.integer("H"), random::key(1), options);
    for (std::size_t k = 0; k < layers; ++k) load(c, k, gates(rnn.cell(static_cast<Index>(k))));

    // Placeholders stand for nothing here: leaves that gradients are taken for are Variables.
    const auto leaf = [&](const Tensor& value) {
      std::vector<double> doubles = numbers(value);
      return small ? Variable(tensor(std::vector<float>(doubles.begin(), doubles.end()), value.shape()))
                   : Variable(value);
    };
    const Variable x = leaf(constant(c.array("x")));
    std::vector<std::vector<Variable>> initial(layers);
    nn::States start(layers);
    for (std::size_t k = 0; k < layers; ++k) {
      for (const std::string& state : states) {
        initial[k].push_back(leaf(layer_of(c.array(state + "0"), k)));
        start[k].parts.push_back(initial[k].back());
      }
    }

    const nn::Sequence run = rnn(x, {.initial = start});
    check_close(run.output(), c.array("output").data, tolerance);
    Tensor loss = sum(run.output() * constant(c.array("seed.output"), dtype));
    for (std::size_t k = 0; k < layers; ++k) {
      for (std::size_t part = 0; part < states.size(); ++part) {
        check_close(run.state[k].parts[part], layer_of(c.array(states[part] + "_n"), k), tolerance);
        const Variable seed = leaf(layer_of(c.array("seed." + states[part] + "_n"), k));
        loss = loss + sum(run.state[k].parts[part] * seed);
      }
    }
    CHECK(evaluate(loss).item() == Approx(c.number("loss")).epsilon(tolerance).margin(tolerance));

    Tensors wrt{x};
    std::vector<std::vector<double>> expected{c.array("grad.x").data};
    for (std::size_t k = 0; k < layers; ++k) {
      for (std::size_t part = 0; part < states.size(); ++part) {
        wrt.push_back(initial[k][part]);
        expected.push_back(numbers(layer_of(c.array("grad." + states[part] + "0"), k)));
      }
      for (const Gate& gate : gates(rnn.cell(static_cast<Index>(k)))) {
        wrt.push_back(gate.linear->weight);
        expected.push_back(weight_of(c, "grad.", k, gate).data);
        if (!gate.linear->bias.defined()) continue;
        wrt.push_back(gate.linear->bias);
        expected.push_back(bias_of(c, "grad.", k, gate, true).data);
      }
    }
    const Tensors gradients = evaluate(grad(loss, wrt));
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      INFO("gradient " << i << ", " << wrt[i].spec().text());
      check_close(gradients[i], expected[i], tolerance);
    }
  }
}

}  // namespace

TEST_CASE("RNN gives PyTorch's outputs, states and gradients") {
  check_against_torch<nn::RNNCell>("rnn.json", {"h"}, false);
}

TEST_CASE("LSTM gives PyTorch's outputs, states and gradients") {
  check_against_torch<nn::LSTMCell>("lstm.json", {"h", "c"}, false);
}

TEST_CASE("GRU gives PyTorch's outputs, states and gradients") {
  check_against_torch<nn::GRUCell>("gru.json", {"h"}, false);
}

TEST_CASE("In float32 the cells are near PyTorch's float64") {
  check_against_torch<nn::RNNCell>("rnn.json", {"h"}, true);
  check_against_torch<nn::LSTMCell>("lstm.json", {"h", "c"}, true);
  check_against_torch<nn::GRUCell>("gru.json", {"h"}, true);
}
