#include <sluice/check/gradcheck.h>
#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/walk.h>
#include <sluice/nn/gru.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/values.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/random.h>
#include <sluice/ops/select.h>
#include <sluice/ops/softmax.h>
#include <sluice/ops/square.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/tanh.h>

#include "support/catch.h"
#include "support/close.h"

#include <algorithm>

using namespace sluice;
using namespace sluice::test;

namespace {

// Zoneout around another cell, as a user writes it (Krueger et al., 2017).
struct Zoneout : nn::ContextCell {
  nn::LSTMCell inner;
  double rate = 0.4;
  Zoneout(Index inputs, Index hidden, const Tensor& key)
      : ContextCell(inputs, {hidden, hidden}), inner(inputs, hidden, key) {}
  nn::State step_in(const Tensor& x, const nn::State& s, const nn::StepContext& context) const override {
    nn::State next = inner(x, s);
    for (std::size_t i = 0; i < next.parts.size(); ++i) {
      const Tensor& part = next.parts[i];
      Tensor kept = full({}, rate, part.dtype());
      if (context.mode == nn::Mode::train) {
        const Tensor key = random::fold_in(context.key, static_cast<int>(i));
        kept = cast(random::bernoulli(key, rate, part.shape()), part.dtype());
      }
      next.parts[i] = kept * s.parts[i] + (1 - kept) * part;
    }
    return next;
  }
  void members(const nn::Members& m) const override { m("inner", inner); }
};

// Reads extra[0], what an encoder said: [batch, places, 2].
struct Attends : nn::ContextCell {
  nn::Linear query, in;
  Attends(Index inputs, Index hidden, const Tensor& key)
      : ContextCell(inputs, {hidden}), query(hidden, 2, key), in(inputs + hidden + 2, hidden, key) {}
  nn::State step_in(const Tensor& x, const nn::State& s, const nn::StepContext& context) const override {
    const Tensor& said = context.extra.at(0);
    const Tensor score = sum(said * expand_dims(query(s.output()), 1), -1);
    const Tensor seen = sum(said * expand_dims(softmax(score, -1), -1), 1);
    return {tanh(in(concat({x, s.output(), seen}, -1)))};
  }
  void members(const nn::Members& m) const override { m("query", query), m("in", in); }
};

// Says what it is told: a random number, the number of the step, and whether it is trained.
struct Tells : nn::ContextCell {
  Tells() : ContextCell(1, {3}) {}
  nn::State step_in(const Tensor& x, const nn::State&, const nn::StepContext& context) const override {
    const Index batch = x.dim(0);
    const Tensor drawn = context.key.defined() ? random::uniform(context.key, {batch, 1}) : zeros({batch, 1});
    const Tensor step = context.step.defined() ? cast(context.step, DType::float32) : full({}, -1);
    const double mode = context.mode == nn::Mode::train ? 1 : 0;
    return {concat({drawn, step + zeros({batch, 1}), full({batch, 1}, mode)}, -1)};
  }
  void members(const nn::Members&) const override {}
};

// Passes its context on to a cell of any type.
struct Around : nn::ContextCell {
  nn::Part<nn::Cell> inner;
  explicit Around(nn::Part<nn::Cell> cell)
      : ContextCell(cell->inputs(), cell->state_sizes()), inner(std::move(cell)) {}
  nn::State step_in(const Tensor& x, const nn::State& s, const nn::StepContext& context) const override {
    return (*inner)(x, s, context);
  }
  void members(const nn::Members& m) const override { m("inner", inner); }
};

const Tensor key = random::key(7);

Tensor normal(int seed, const Shape& shape, DType dtype = DType::float32) {
  return evaluate(random::normal(random::key(static_cast<std::uint64_t>(seed)), shape, 0, 1, dtype));
}

// How many integer tensors the scan that made this is given.
auto integers_of_scan(const Tensor& output) {
  for (const Node* node : topological_order({output})) {
    if (node->op->name() != "scan") continue;
    return std::count_if(node->inputs.begin(), node->inputs.end(),
                         [](const Tensor& input) { return input.dtype() == DType::int32; });
  }
  return std::ptrdiff_t{-1};
}

}  // namespace

TEST_CASE("Each step and each layer draws its own random numbers, the same in every run") {
  const nn::RecurrentLayers rnn({std::make_shared<Tells>()});
  const auto drawn = [&](const nn::RecurrentLayers& layers, const nn::RecurrentCall& call) {
    return numbers(select(layers(zeros({4, 1, 1}), call), 2, 0));
  };
  const nn::RecurrentCall call{.mode = nn::Mode::train, .key = key};
  const std::vector<double> once = drawn(rnn, call);
  for (std::size_t i = 0; i < once.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) CHECK(once[i] != once[j]);
  }
  CHECK(drawn(rnn, call) == once);
  CHECK(drawn(rnn, {.reverse = true, .mode = nn::Mode::train, .key = key}) == once);
  CHECK(drawn(rnn, {.mode = nn::Mode::train, .key = random::key(8)}) != once);
  CHECK(drawn(rnn, {}) == std::vector<double>(4, 0));

  struct Narrow : nn::ContextCell {  // the random number of the layer below next to its own
    Narrow() : ContextCell(3, {2}) {}
    nn::State step_in(const Tensor& x, const nn::State&, const nn::StepContext& context) const override {
      return {concat({expand_dims(select(x, 1, 0), 1), random::uniform(context.key, {x.dim(0), 1})}, -1)};
    }
    void members(const nn::Members&) const override {}
  };
  const nn::RecurrentLayers two({std::make_shared<Tells>(), std::make_shared<Narrow>()});
  const Tensor both = two(zeros({4, 1, 1}), call);
  const std::vector<double> below = numbers(select(both, 2, 0)), above = numbers(select(both, 2, 1));
  for (const double b : below) {
    for (const double a : above) CHECK(a != b);
  }
}

TEST_CASE("The number of a step is its place in time, also in reverse, and the mode is the call's") {
  const nn::RecurrentLayers rnn({std::make_shared<Tells>()});
  for (const bool reverse : {false, true}) {
    const Tensor y = rnn(zeros({3, 1, 1}), {.reverse = reverse, .mode = nn::Mode::train, .key = key});
    check_close(select(y, 2, 1), {0, 1, 2}, 0);
    check_close(select(y, 2, 2), {1, 1, 1}, 0);
  }
  check_close(select(rnn(zeros({3, 1, 1})), 2, 2), {0, 0, 0}, 0);
  check_close(Tells()(zeros({1, 1}), {zeros({1, 3})}).output(), {0, -1, 0}, 0);
  CHECK(rnn(zeros({0, 2, 1})).shape() == Shape{0, 2, 3});
}

TEST_CASE("Only a cell that takes a context has a number in its loop") {
  const Tensor x = zeros({3, 1, 2});
  const nn::RecurrentCall train{.mode = nn::Mode::train, .key = key};
  CHECK(integers_of_scan(nn::LSTM(1, 2, 3, random::key(1))(x, train)) == 0);
  CHECK(integers_of_scan(nn::Recurrent<Zoneout>(1, 2, 3, random::key(1))(x)) == 1);
}

TEST_CASE("Zoneout mixes by masks in training and by expectation in evaluation") {
  const nn::Recurrent<Zoneout> rnn(2, 2, 3, random::key(1));
  const Tensor x = normal(2, {5, 4, 2});
  const nn::RecurrentCall train{.mode = nn::Mode::train, .key = key};

  // In training every unit either keeps its value or takes the new one.
  const nn::Recurrent<Zoneout> one({Zoneout(2, 64, random::key(1))});
  const Tensor y = evaluate(one(x, train));
  int kept = 0;
  for (Index t = 1; t < 5; ++t) {
    const std::vector<double> before = numbers(select(y, 0, t - 1)), after = numbers(select(y, 0, t));
    for (std::size_t i = 0; i < after.size(); ++i) kept += after[i] == before[i] ? 1 : 0;
  }
  CHECK(kept / (4 * 4 * 64.0) > 0.35);
  CHECK(kept / (4 * 4 * 64.0) < 0.45);

  // In evaluation it is the mixture of the two.
  const Zoneout& cell = one.cell(0);
  const nn::State s = cell.initial(4);
  const nn::State next = cell.inner(select(x, 0, 0), s);
  check_close(select(one(x), 0, 0), 0.6 * next.output(), 1e-6);
  CHECK(numbers(one(x)) != numbers(y));

  // Compiled it is the same, and so are gradients.
  const auto all = [&](const nn::RecurrentCall& call) {
    Tensors wrt{x};
    for (const NamedVariable& named : rnn.variables()) wrt.push_back(named.variable);
    const Tensor out = rnn(wrt[0], call);
    Tensors results = grad(sum(square(out)), wrt);
    results.push_back(out);
    return results;
  };
  for (const nn::RecurrentCall& call :
       {nn::RecurrentCall{}, train, nn::RecurrentCall{.reverse = true, .mode = nn::Mode::train, .key = key},
        nn::RecurrentCall{.mode = nn::Mode::train, .key = key, .checkpoint = 2}}) {
    const Tensors expected = evaluate(all(call));
    const Tensors got = compile([&] { return all(call); })();
    for (std::size_t i = 0; i < got.size(); ++i) check_close(got[i], expected[i], 1e-5);
  }
}

TEST_CASE("Gradients of a cell that draws are those of finite differences") {
  const nn::Recurrent<Zoneout> rnn = nn::to(nn::Recurrent<Zoneout>(2, 2, 2, random::key(1)), DType::float64);
  for (const bool reverse : {false, true}) {
    gradcheck(
        [&](const Tensors& in) {
          return rnn(in[0], {.reverse = reverse, .mode = nn::Mode::train, .key = key}).output();
        },
        {normal(3, {3, 2, 2}, DType::float64)});
  }
}

TEST_CASE("Steps of a stream are those of the whole sequence") {
  const nn::Recurrent<Zoneout> rnn(2, 2, 3, random::key(1));
  const Tensor x = normal(2, {5, 4, 2});
  for (const nn::Mode mode : {nn::Mode::train, nn::Mode::evaluate}) {
    const Tensor whole = rnn(x, {.mode = mode, .key = key});
    nn::States states = rnn.initial(4);
    for (Index t = 0; t < 5; ++t) {
      const nn::Sequence now =
          rnn.step(select(x, 0, t), states,
                   {.mode = mode, .key = key, .step = full({}, static_cast<double>(t), DType::int32)});
      check_close(now, select(whole, 0, t), 1e-6);
      states = now.state;
    }
  }
  CHECK_THROWS_WITH(rnn.step(select(x, 0, 0), rnn.initial(4), {.key = key}),
                    contains("[recurrent] each step draws its own random numbers: got a key without"));
}

TEST_CASE("A cell attends to tensors from outside, and gradients reach them") {
  const nn::Recurrent<Attends> rnn =
      nn::to(nn::Recurrent<Attends>({Attends(2, 3, random::key(1))}), DType::float64);
  const Tensor x = normal(2, {3, 2, 2}, DType::float64), said = normal(3, {2, 4, 2}, DType::float64);
  const auto run = [&](const Tensors& in) { return rnn(in[0], {.extra = {in[1]}}).output(); };
  gradcheck(run, {x, said});
  const Tensor slope = grad(sum(run({x, said})), said);
  for (const double each : numbers(slope)) CHECK(each != 0);

  const nn::Sequence first = rnn.step(select(x, 0, 0), rnn.initial(2, DType::float64), {.extra = {said}});
  check_close(first, select(run({x, said}), 0, 0), 1e-12);
  check_close(compile(run)(Tensors{x, said}), run({x, said}), 1e-9);

  const nn::LSTM deaf(1, 2, 3, random::key(1));
  CHECK_THROWS_WITH(deaf(zeros({3, 2, 2}), {.extra = {said}}),
                    contains("[recurrent] extra tensors are for cells that take a context: got 1"));
  CHECK_THROWS_WITH(deaf.step(zeros({2, 2}), deaf.initial(2), {.extra = {said}}), contains("got 1"));
}

TEST_CASE("A cell passes its context on, and plain cells inside ignore it") {
  const Tensor x = normal(2, {5, 4, 2});
  const nn::RecurrentCall train{.mode = nn::Mode::train, .key = key};
  const auto zoneout = std::make_shared<const Zoneout>(2, 3, random::key(1));
  const auto gru = std::make_shared<const nn::GRUCell>(2, 3, random::key(1));
  const nn::RecurrentLayers around({std::make_shared<Around>(zoneout)});
  check_close(around(x, train), nn::RecurrentLayers({zoneout})(x, train), 0);
  const nn::RecurrentLayers plain({std::make_shared<Around>(gru)});
  check_close(plain(x, train), nn::RecurrentLayers({gru})(x), 0);
  check_close(nn::clone(around)(x, train), around(x, train), 0);
}
