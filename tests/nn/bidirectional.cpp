#include <sluice/check/gradcheck.h>
#include <sluice/compile/compile.h>
#include <sluice/nn/bidirectional.h>
#include <sluice/nn/carried_state.h>
#include <sluice/nn/gru.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/rnn.h>
#include <sluice/nn/values.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/reverse_sequences.h>
#include <sluice/ops/slice.h>

#include "nn/sequences.h"
#include "nn/torch_parameters.h"
#include "support/catch.h"

using namespace sluice;
using namespace sluice::test;

namespace {

const Tensor key = random::key(7);

// Row `i` of an entry [2 * layers, B, H].
Tensor row_of(const Record& record, const std::string& name, std::size_t i) {
  const Tensor all = constant(record.array(name));
  return evaluate(slice(all, 0, static_cast<Index>(i), static_cast<Index>(i) + 1));
}

template <class C>
void check_case(const Record& c, const std::vector<std::string>& states) {
  nn::BidirectionalOptions<C> options;
  options.cell.dtype = DType::float64;
  const nn::Bidirectional<C> rnn(c.integer("layers"), c.integer("I"), c.integer("H"), key, options);
  const Index batch = c.integer("B"), hidden = c.integer("H");
  const auto layers = static_cast<std::size_t>(c.integer("layers"));
  const auto cell = [&](std::size_t i) -> const C& {
    const auto layer = static_cast<Index>(i / 2);
    return i % 2 == 0 ? rnn.forward(layer) : rnn.backward(layer);
  };
  const auto ending = [](std::size_t i) { return i % 2 == 0 ? "" : "_reverse"; };

  const Tensor x = constant(c.array("x"));
  nn::States start(2 * layers);
  Tensors wrt{x};
  std::vector<std::vector<double>> expected{c.array("grad.x").data};
  for (std::size_t i = 0; i < 2 * layers; ++i) {
    load(c, i / 2, gates(cell(i)), ending(i));
    for (const std::string& state : states) {
      start[i].parts.push_back(evaluate(reshape(row_of(c, state + "0", i), {batch, hidden})));
      wrt.push_back(start[i].parts.back());
      expected.push_back(numbers(row_of(c, "grad." + state + "0", i)));
    }
    for (const Gate& gate : gates(cell(i))) {
      wrt.push_back(gate.linear->weight);
      expected.push_back(weight_of(c, "grad.", i / 2, gate, ending(i)).data);
      wrt.push_back(gate.linear->bias);
      expected.push_back(bias_of(c, "grad.", i / 2, gate, true, ending(i)).data);
    }
  }
  const nn::Sequence run = rnn(x, {.initial = start, .lengths = constant(c.array("lengths"), DType::int32)});
  check_close(run.output(), c.array("output").data, 1e-10);
  Tensor loss = sum(run.output() * constant(c.array("seed.output")));
  for (std::size_t i = 0; i < 2 * layers; ++i) {
    for (std::size_t part = 0; part < states.size(); ++part) {
      check_close(run.state[i].parts[part], numbers(row_of(c, states[part] + "_n", i)), 1e-10);
      loss = loss + sum(run.state[i].parts[part] * row_of(c, "seed." + states[part] + "_n", i));
    }
  }
  CHECK(evaluate(loss).item() == Approx(c.number("loss")));
  const Tensors gradients = evaluate(grad(loss, wrt));
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    INFO("gradient " << i << ", " << wrt[i].spec().text());
    check_close(gradients[i], expected[i], 1e-10);
  }
}

}  // namespace

TEST_CASE("Both directions give PyTorch's outputs, states and gradients over packed sequences") {
  const Golden golden = Golden::open("bidirectional.json");
  for (const std::string& name : golden.names()) {
    INFO(name);
    if (name.find("LSTM") == 0) {
      check_case<nn::LSTMCell>(golden.at(name), {"h", "c"});
    } else {
      check_case<nn::GRUCell>(golden.at(name), {"h"});
    }
  }
}

TEST_CASE("Cells of both directions may differ, and their outputs are joined or added") {
  const auto lstm = std::make_shared<const nn::LSTMCell>(3, 4, key);
  const auto gru = std::make_shared<const nn::GRUCell>(3, 4, key);
  const Tensor x = normal_values(2, {5, 3, 3}), lengths = lengths_of({5, 0, 3});
  // Going backward is going forward over the reversed sequences.
  const Tensor ahead = nn::RecurrentLayers({lstm})(x, {.lengths = lengths});
  const Tensor back = reverse_sequences(
      nn::RecurrentLayers({gru})(reverse_sequences(x, lengths), {.lengths = lengths}), lengths);
  const nn::BidirectionalLayers joined({lstm}, {gru});
  CHECK(joined.inputs() == 3);
  CHECK(joined.outputs() == 8);
  check_close(joined(x, {.lengths = lengths}), concat({ahead, back}, -1), 1e-6);
  const nn::BidirectionalLayers added({lstm}, {gru}, nn::Merge::sum);
  CHECK(added.outputs() == 4);
  const nn::Sequence run = added(x, {.lengths = lengths});
  check_close(run, ahead + back, 1e-6);
  CHECK(numbers(run.lengths) == numbers(lengths));
  CHECK(run.state[0].parts.size() == 2);
  CHECK(run.state[1].parts.size() == 1);

  const nn::Bidirectional<nn::GRUCell> deep(2, 3, 4, key, {.merge = nn::Merge::sum});
  CHECK(deep(x).shape() == Shape{5, 3, 4});
  CHECK(deep.forward(1).inputs() == 4);
  CHECK(nn::Bidirectional<nn::GRUCell>(2, 3, 4, key).backward(1).inputs() == 8);
}

TEST_CASE("Weights of both directions have names, and values of their own") {
  const nn::Bidirectional<nn::LSTMCell> rnn(2, 3, 4, key);
  const NamedVariables all = rnn.variables();
  CHECK(all.size() == 32);
  CHECK(all[0].name == "0.forward.forget.weight");
  CHECK(all[8].name == "0.backward.forget.weight");
  CHECK(all[31].name == "1.backward.output.bias");
  CHECK(numbers(all[0].variable) != numbers(all[8].variable));
  const Tensor x = normal_values(2, {3, 2, 3});
  const nn::Bidirectional<nn::LSTMCell> copy = nn::clone(rnn);
  check_close(copy(x), rnn(x), 0);
  CHECK_FALSE(copy.forward(0).forget.weight.is(rnn.forward(0).forget.weight));
  const nn::Bidirectional<nn::LSTMCell> doubled = nn::to(rnn, DType::float64);
  check_close(doubled(evaluate(cast(x, DType::float64))), numbers(rnn(x)), 1e-6);
}

TEST_CASE("Both directions take what Recurrent takes") {
  const nn::Bidirectional<NoisyUnit> rnn(2, 3, 4, key, {.dropout = 0.5});
  const Tensor x = normal_values(2, {5, 3, 3});
  const nn::States start = some_states(rnn, 3);
  const nn::RecurrentCall call{.initial = start,
                               .lengths = lengths_of({5, 2, 3}),
                               .resets = evaluate(normal_values(4, {5, 3}) > full({}, 0.5)),
                               .mode = nn::Mode::train,
                               .key = key,
                               .checkpoint = 2};
  const Tensors expected = evaluate(everything(rnn, x, call));
  for (const Tensor& each : expected) {
    for (const double number : numbers(each)) REQUIRE(std::isfinite(number));
  }
  const Tensors compiled = compile([&](const Tensor& in) { return everything(rnn, in, call); })(x);
  for (std::size_t i = 0; i < compiled.size(); ++i) check_close(compiled[i], expected[i], 1e-5);
  // Each option has a say.
  const Tensor output = rnn(x, call);
  const auto differs = [&](const auto& change) {
    nn::RecurrentCall other = call;
    change(other);
    return numbers(rnn(x, other)) != numbers(output);
  };
  CHECK(differs([](nn::RecurrentCall& c) { c.initial = {}; }));
  CHECK(differs([](nn::RecurrentCall& c) { c.lengths = {}; }));
  CHECK(differs([](nn::RecurrentCall& c) { c.resets = {}; }));
  CHECK(differs([](nn::RecurrentCall& c) { c.mode = nn::Mode::evaluate; }));
  CHECK(differs([](nn::RecurrentCall& c) { c.key = random::key(8); }));
  CHECK_FALSE(differs([](nn::RecurrentCall& c) { c.checkpoint = 0; }));
  const nn::CarriedState carried(rnn, 3);
  carried.assign(rnn(x).state);
  CHECK(carried.read().size() == 4);

  // The noise of the two directions and layers is drawn by different keys.
  const auto noisy = std::make_shared<const NoisyUnit>(3, 4, key);
  const nn::BidirectionalLayers twice({noisy}, {noisy});
  const Tensor one = slice(x, 0, 0, 1);
  const Tensor both = twice(one, {.mode = nn::Mode::train, .key = key});
  CHECK(numbers(slice(both, -1, 0, 4)) != numbers(slice(both, -1, 4, 8)));
}

TEST_CASE("Both directions may be made of existing cells") {
  const std::vector<nn::GRUCell> ahead{{3, 4, random::key(1)}, {8, 2, random::key(2)}};
  const std::vector<nn::GRUCell> back{{3, 4, random::key(3)}, {8, 5, random::key(4)}};
  const nn::Bidirectional<nn::GRUCell> rnn(ahead, back);
  const auto shared = [](const nn::GRUCell& cell) { return std::make_shared<const nn::GRUCell>(cell); };
  const nn::BidirectionalLayers same({shared(ahead[0]), shared(ahead[1])},
                                     {shared(back[0]), shared(back[1])});
  const Tensor x = normal_values(2, {4, 2, 3});
  check_same({rnn(x)}, {same(x)});
  CHECK(rnn.outputs() == 7);
  CHECK(rnn.backward(1).variables()[0].variable.is(back[1].variables()[0].variable));
  CHECK(nn::Bidirectional<nn::GRUCell>({ahead[0]}, {back[0]}, nn::Merge::sum).outputs() == 4);
}

TEST_CASE("Gradients through both directions are those of differences") {
  const nn::Bidirectional<nn::LSTMCell> rnn =
      nn::to(nn::Bidirectional<nn::LSTMCell>(2, 2, 2, key), DType::float64);
  gradcheck(
      [&](const Tensors& in) -> Tensor {
        return weighted(rnn(in[0], {.lengths = lengths_of({3, 1}),
                                    .resets = evaluate(normal_values(4, {3, 2}) > zeros({}))}));
      },
      {normal_values(3, {3, 2, 2}, DType::float64)}, {.compiled = false});
}
