#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/carried_state.h>
#include <sluice/nn/four_gate.h>
#include <sluice/nn/gru.h>
#include <sluice/nn/loss.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/rnn.h>
#include <sluice/nn/sequential.h>
#include <sluice/ops/broadcast_to.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/flip.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/mean.h>
#include <sluice/ops/random.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/stack.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/take.h>
#include <sluice/ops/tanh.h>

#include "support/catch.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

namespace {

// A cell as a user writes one: a leaky unit that learns where it starts.
struct Leaky : nn::Cell {
  nn::Linear in;
  Variable first;

  Leaky(Index inputs, Index hidden, const Tensor& key)
      : Cell(inputs, {hidden}), in(inputs + hidden, hidden, key), first(full({hidden}, 0.5)) {}
  nn::State step(const Tensor& x, const nn::State& s) const override {
    const Tensor& h = s.output();
    return {0.9 * h + 0.1 * tanh(in(concat({x, h}, -1)))};
  }
  nn::State start(Index batch, DType) const override { return {broadcast_to(first, {batch, hidden()})}; }
  void members(const nn::Members& m) const override { m("in", in), m("first", first); }
};

Tensor sequence(const Shape& shape, int seed = 7) { return random::normal(random::key(seed), shape); }

Tensor at(const Tensor& x, int t) { return take(x, tensor({t}, {}), 0); }

// What the layers are meant to be: a loop over time, one step at a time.
nn::Sequence loop(const nn::RecurrentLayers& rnn, const Tensor& x, nn::States state) {
  Tensors outputs;
  for (int t = 0; t < x.dim(0); ++t) {
    nn::Sequence step = rnn.step(at(x, t), state);
    outputs.push_back(step.output());
    state = step.state;
  }
  return {stack(outputs, 0), state};
}

void check_states(const nn::States& a, const nn::States& b, double tolerance) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i].parts.size() == b[i].parts.size());
    for (std::size_t j = 0; j < a[i].parts.size(); ++j) check_close(a[i].parts[j], b[i].parts[j], tolerance);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("Layers over a sequence are a loop of single steps", "", nn::RNNCell, nn::LSTMCell,
                   nn::GRUCell, nn::FourGateCell, Leaky) {
  const nn::Recurrent<TestType> rnn(2, 3, 5, random::key(1));
  const Tensor x = sequence({4, 2, 3});
  const nn::Sequence run = rnn(x);
  CHECK(run.output().shape() == Shape{4, 2, 5});
  const nn::Sequence steps = loop(rnn, x, rnn.initial(2));
  check_close(run.output(), steps.output(), 1e-6);
  check_states(run.state, steps.state, 1e-6);

  Tensors wrt;
  for (const NamedVariable& named : rnn.variables()) wrt.push_back(named.variable);
  const Tensors by_scan = grad(sum(run.output() * run.output()), wrt);
  const Tensors by_steps = grad(sum(steps.output() * steps.output()), wrt);
  for (std::size_t i = 0; i < wrt.size(); ++i) check_close(by_scan[i], by_steps[i], 1e-5);
}

TEST_CASE("A sequence in two windows is the sequence in one, when the state goes over") {
  const nn::LSTM rnn(2, 3, 4, random::key(1));
  const Tensor x = sequence({6, 2, 3});
  const nn::Sequence whole = rnn(x);
  const nn::Sequence first = rnn(slice(x, 0, 0, 4));
  const nn::Sequence second = rnn(slice(x, 0, 4, 6), {.initial = first.state});
  check_close(concat({first.output(), second.output()}, 0), whole.output(), 1e-6);
  check_states(second.state, whole.state, 1e-6);
}

TEST_CASE("In reverse, time runs from the last step to the first") {
  const nn::GRU rnn(1, 3, 4, random::key(1));
  const Tensor x = sequence({5, 2, 3});
  const nn::Sequence backward = rnn(x, {.reverse = true});
  const nn::Sequence flipped = rnn(flip(x, {0}));
  check_close(backward.output(), flip(flipped.output(), {0}), 1e-6);
  check_states(backward.state, flipped.state, 1e-6);
}

TEST_CASE("The final state holds the last output") {
  const nn::LSTM rnn(2, 3, 4, random::key(1));
  const nn::Sequence run = rnn(sequence({5, 2, 3}));
  check_close(run.state.back().output(), at(run.output(), 4), 0);
}

TEST_CASE("A sequence passes for its output") {
  const nn::RNN rnn(1, 3, 4, random::key(1));
  const nn::Linear head(4, 2, random::key(2));
  CHECK(head(rnn(sequence({5, 2, 3}))).shape() == Shape{5, 2, 2});
}

TEST_CASE("No steps give no outputs and the state as it was") {
  const nn::LSTM rnn(1, 3, 4, random::key(1));
  const nn::States start{{full({2, 4}, 1), full({2, 4}, 2)}};
  const nn::Sequence run = rnn(zeros({0, 2, 3}), {.initial = start});
  CHECK(run.output().shape() == Shape{0, 2, 4});
  check_states(run.state, start, 0);
}

TEST_CASE("Layers are named by position, then by gate") {
  const nn::LSTM rnn(2, 3, 4, random::key(1));
  const NamedVariables all = nn::variables({{"rnn", rnn}});
  CHECK(all.size() == 16);
  CHECK(all[0].name == "rnn.0.forget.weight");
  CHECK(all[15].name == "rnn.1.output.bias");
  CHECK(all[0].variable.shape() == Shape{7, 4});
  CHECK(all[8].variable.shape() == Shape{8, 4});
  CHECK(numbers(rnn.cell(0).forget.weight) !=
        numbers(nn::LSTM(2, 3, 4, random::key(2)).cell(0).forget.weight));
  check_close(rnn.cell(1).input.weight, nn::LSTM(2, 3, 4, random::key(1)).cell(1).input.weight, 0);
}

TEST_CASE("Options of the cells go through") {
  const nn::LSTM rnn(1, 3, 4, random::key(1), {.cell = {.bias = false, .dtype = DType::float64}});
  CHECK(rnn.variables().size() == 4);
  CHECK(rnn(zeros({2, 1, 3}, DType::float64)).output().dtype() == DType::float64);
}

TEST_CASE("Layers of other cells and sizes stack, and their kind can be chosen when the program runs") {
  const Tensor key = random::key(1);
  const nn::RecurrentLayers mixed(
      {std::make_shared<nn::GRUCell>(3, 5, key), std::make_shared<nn::LSTMCell>(5, 2, key)});
  CHECK(mixed.inputs() == 3);
  CHECK(mixed.hidden() == 2);
  const nn::Sequence run = mixed(sequence({4, 1, 3}));
  CHECK(run.output().shape() == Shape{4, 1, 2});
  CHECK(run.state[0].parts.size() == 1);
  CHECK(run.state[1].parts.size() == 2);

  const nn::LSTM lstm(1, 3, 4, key);
  const std::vector<nn::RecurrentLayers> kinds{lstm, nn::GRU(1, 3, 4, key)};
  CHECK(kinds[0].variables()[0].variable.is(lstm.cell(0).forget.weight));
  CHECK(kinds[1].variables()[0].name == "0.reset.weight");

  const nn::RNN sized(std::vector<nn::RNNCell>{{3, 6, key}, {6, 2, key}});
  CHECK(sized.cell(1).hidden() == 2);
}

TEST_CASE("Dropout acts between the layers, in training only") {
  const nn::RNN rnn(2, 3, 200, random::key(1), {.dropout = 0.5});
  const Tensor x = sequence({2, 2, 3});
  const nn::Sequence plain = rnn(x);
  check_close(rnn(x, {.mode = nn::Mode::evaluate, .key = random::key(5)}).output(), plain.output(), 0);
  const nn::Sequence dropped = rnn(x, {.mode = nn::Mode::train, .key = random::key(5)});
  CHECK(numbers(dropped.output()) != numbers(plain.output()));
  check_states({dropped.state[0]}, {plain.state[0]}, 0);  // the first layer sees nothing of it
  check_close(rnn(x, {.mode = nn::Mode::train, .key = random::key(5)}).output(), dropped.output(), 0);
  CHECK_THROWS_WITH(rnn(x, {.mode = nn::Mode::train}),
                    contains("[recurrent] in dropout: training at rate 0.5 takes a random key"));

  // In a Sequential the mode and a key of their own reach the layers.
  const nn::Sequential net(rnn);
  check_close(net(x), plain.output(), 0);
  check_close(net(x, nn::Mode::train, random::key(5)),
              rnn(x, {.mode = nn::Mode::train, .key = random::fold_in(random::key(5), 0)}).output(), 0);

  const nn::RNN single(1, 3, 4, random::key(1), {.dropout = 0.5});
  check_close(single(x, {.mode = nn::Mode::train}).output(), single(x).output(),
              0);  // nothing is between one layer
}

TEST_CASE("The carried state goes from window to window, cut from the gradient") {
  const nn::LSTM rnn(2, 3, 4, random::key(1));
  const Tensor x = sequence({6, 2, 3});
  const nn::Sequence whole = rnn(x);

  const nn::CarriedState carried(rnn, 2);
  check_states(carried.read(), rnn.initial(2), 0);
  const nn::Sequence first = rnn(slice(x, 0, 0, 4), {.initial = carried.read()});
  carried.assign(first.state);
  const nn::Sequence second = rnn(slice(x, 0, 4, 6), {.initial = carried.read()});
  check_close(second.output(), at(stack({slice(whole.output(), 0, 4, 6)}, 0), 0), 1e-6);

  const std::vector<nn::CarriedState> copies{carried};
  copies[0].reset();
  check_states(carried.read(), rnn.initial(2), 0);

  std::vector<std::string> names;
  for (const NamedVariable& named : carried.variables()) names.push_back(named.name);
  CHECK(names == std::vector<std::string>{"0.0", "0.1", "1.0", "1.1"});
}

TEST_CASE("Inside a traced function the carried state is read, assigned and cut as well") {
  const nn::RNN rnn(1, 1, 1, random::key(1));
  const nn::CarriedState carried(rnn, 1);
  const Tensor weight = rnn.cell(0).linear.weight;
  const Graph graph = trace(
      [&](const Tensors& in) -> Tensors {
        const nn::Sequence first = rnn(in[0], {.initial = carried.read()});
        carried.assign(first.state);
        const nn::Sequence second = rnn(in[0], {.initial = carried.read()});
        carried.assign(second.state);
        return {second.output(), grad(sum(second.output()), first.output())};
      },
      {{DType::float32, {2, 1, 1}}});
  CHECK(graph.writes.size() == 1);
  const Tensor x = sequence({2, 1, 1});
  const Tensors out = evaluate(graph, {x});
  check_close(out[1], {0, 0}, 0);
  const nn::Sequence both = rnn(concat({x, x}, 0));
  check_close(out[0], slice(both.output(), 0, 2, 4), 1e-6);
  check_states(carried.read(), both.state, 1e-6);
}

TEST_CASE("A learned first state has a gradient, and is what a carried state goes back to") {
  const nn::Recurrent<Leaky> rnn(1, 3, 2, random::key(1));
  const nn::CarriedState carried(rnn, 1);
  check_close(carried.read()[0].output(), {0.5, 0.5}, 0);
  rnn.cell(0).first.assign(full({2}, 0.25));
  carried.reset();
  check_close(carried.read()[0].output(), {0.25, 0.25}, 0);
  for (const double slope : numbers(grad(sum(rnn(sequence({2, 1, 3})).output()), rnn.cell(0).first)))
    CHECK(slope > 0);
}

TEST_CASE("Layers say what does not fit") {
  const Tensor key = random::key(1);
  const nn::LSTM rnn(2, 3, 4, key);
  CHECK_THROWS_WITH(
      rnn(zeros({5, 2, 7})),
      contains(
          "[recurrent] takes x f32[time, batch, 3]: got f32[5, 2, 7]; time is axis 0, and the last axis is "
          "the width the first layer was made for (nn/recurrent.cpp:"));
  CHECK_THROWS_AS(rnn(zeros({5, 3})), ShapeError);
  CHECK_THROWS_WITH(rnn(Tensor()), contains("got an undefined tensor"));
  CHECK_THROWS_WITH(
      rnn(zeros({5, 2, 3}), {.initial = nn::States(1)}),
      contains("[recurrent] takes one state per layer: got 1 for 2 layers; start from initial(batch)"));
  CHECK_THROWS_AS(rnn.step(zeros({2, 3}), {}), Error);
  CHECK_THROWS_WITH(rnn(zeros({5, 2, 3}), {.initial = rnn.initial(1)}),
                    contains("[recurrent] in cell: the state of a batch of 2"));
  CHECK_THROWS_WITH(rnn(zeros({5, 2, 3}, DType::float64)), contains("f64"));
  CHECK_THROWS_WITH(nn::LSTM(0, 3, 4, key),
                    contains("[recurrent] there is at least one layer, and at most 1048576: got 0"));
  CHECK_THROWS_WITH(nn::LSTM(1, 3, 4, key, {.dropout = 1}), contains("[dropout] a rate is in [0, 1)"));
  CHECK_THROWS_WITH(nn::RNN(std::vector<nn::RNNCell>{{3, 6, key}, {5, 2, key}}),
                    contains("[recurrent] a layer takes the output of the one below: got 5 inputs of layer 1 "
                             "above 6 of layer 0"));
  CHECK_THROWS_WITH(nn::RNN(std::vector<nn::RNNCell>{}),
                    contains("[recurrent] there is at least one layer, and no null pointer: got 0 cells"));
  CHECK_THROWS_WITH(rnn.cell(2), contains("[recurrent] layers count from 0: got layer 2 of 2; pass 0 to 1"));
  CHECK_THROWS_WITH(nn::CarriedState(rnn, 0), contains("[carried_state] a batch is at least 1: got 0"));
  CHECK_THROWS_WITH(nn::CarriedState(rnn, 2).assign({}),
                    contains("[carried_state] takes the states of all layers"));
  CHECK_THROWS_AS(nn::CarriedState(rnn, 2).assign(rnn.initial(3)), ShapeError);
}

TEST_CASE("Layers with checkpoints give the same sequence, states and gradients") {
  const nn::LSTM rnn(2, 3, 4, random::key(1));
  const Tensor x = sequence({11, 2, 3});
  const auto results = [&](Index checkpoint) {
    nn::RecurrentCall call;
    call.reverse = true;
    call.checkpoint = checkpoint;
    const nn::Sequence run = rnn(x, call);
    Tensors wrt{x};
    for (const NamedVariable& named : rnn.variables()) wrt.push_back(named.variable);
    Tensors all = grad(sum(run.output() * run.output()) + sum(run.state[0].parts[1]), wrt);
    all.push_back(run.output());
    for (const nn::State& state : run.state) all.insert(all.end(), state.parts.begin(), state.parts.end());
    return all;
  };
  const Tensors plain = results(0);
  for (const Index checkpoint : {Index{3}, ScanOptions::automatic}) {
    const Tensors with = results(checkpoint);
    for (std::size_t i = 0; i < plain.size(); ++i) check_close(with[i], plain[i], 1e-5);
  }
}

TEST_CASE("What layers return is the output, and an operand like any other") {
  const nn::LSTM rnn(1, 4, 4, random::key(1));
  const Tensor x = sequence({3, 2, 4});
  const Tensor weight = ones({4, 5});
  const Tensor output = rnn(x).output();
  check_close(x + rnn(x), x + output, 0);
  check_close(rnn(x) * 2, output * 2, 0);
  check_close(rnn(x) + rnn(x), output + output, 0);
  check_close(tanh(rnn(x)), tanh(output), 0);
  check_close(matmul(rnn(x), weight), matmul(output, weight), 0);
  check_close(slice(rnn(x), 0, 0, 1), slice(output, 0, 0, 1), 0);
  check_close(mean(rnn(x)), mean(output), 0);
  check_close(nn::mse(rnn(x), x), nn::mse(output, x), 0);
  check_close(concat({rnn(x), x}, -1), concat({output, x}, -1), 0);
  check_close(compile([&](const Tensor& y) { return rnn(y); })(x), output, 1e-6);
}
