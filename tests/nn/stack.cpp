#include <sluice/check/gradcheck.h>
#include <sluice/compile/compile.h>
#include <sluice/nn/bidirectional.h>
#include <sluice/nn/carried_state.h>
#include <sluice/nn/embedding.h>
#include <sluice/nn/gru.h>
#include <sluice/nn/highway.h>
#include <sluice/nn/layer_norm.h>
#include <sluice/nn/learned_start.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/residual.h>
#include <sluice/nn/rnn.h>
#include <sluice/nn/stack.h>
#include <sluice/nn/values.h>
#include <sluice/ops/abs.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/log.h>
#include <sluice/ops/relu.h>
#include <sluice/ops/select.h>
#include <sluice/ops/sigmoid.h>
#include <sluice/ops/slice.h>

#include "nn/sequences.h"
#include "support/catch.h"

#include <algorithm>

using namespace sluice;
using namespace sluice::test;

namespace {

const Tensor key = random::key(7);

/// Runs at half the rate: every other step, and so half of each length.
struct Halved : nn::SequenceLayer {
  nn::Sequence operator()(const Tensor& x, const nn::RecurrentCall& call = {},
                          Location = Location::current()) const override {
    Tensor lengths;
    if (call.lengths.defined()) lengths = cast((cast(call.lengths, DType::float32) + 1) * 0.5, DType::int32);
    return {slice(x, 0, 0, Range::to_end, 2), {}, lengths};
  }
  nn::Sequence step(const Tensor& x, const nn::States&, const nn::StepContext& = {},
                    Location = Location::current()) const override {
    return {x, {}};
  }
  nn::States initial(Index, DType = DType::float32, Location = Location::current()) const override {
    return {};
  }
  void members(const nn::Members&) const override {}
};

/// Of different sizes and kinds, with functions before, between and behind them.
nn::Stack mixed() {
  return nn::Stack(nn::Linear(3, 6, key), relu, nn::LSTM(2, 6, 5, key), nn::Dropout(0.5), nn::LayerNorm(5),
                   nn::Residual(nn::GRU(1, 5, 5, key)),
                   nn::Highway(nn::Recurrent<NoisyUnit>(1, 5, 5, key), 5, key), nn::Linear(5, 2, key));
}

void check_steps(const nn::SequenceLayer& layer, const Tensor& x) {
  const nn::Sequence whole = layer(x);
  nn::States states = layer.initial(x.dim(1));
  for (Index t = 0; t < x.dim(0); ++t) {
    const nn::StepContext context{.step = full({}, static_cast<double>(t), DType::int32)};
    const nn::Sequence now = layer.step(select(x, 0, t), states, context);
    check_close(now, select(whole, 0, t), 1e-6);
    states = now.state;
  }
  const Tensors last = parts_of(states), expected = parts_of(whole.state);
  REQUIRE(last.size() == expected.size());
  for (std::size_t i = 0; i < last.size(); ++i) check_close(last[i], expected[i], 1e-6);
}

}  // namespace

TEST_CASE("A stack is its parts in order") {
  const nn::LSTM lstm(2, 3, 5, key);
  const nn::Linear linear(5, 4, key);
  const nn::GRU gru(1, 4, 2, key);
  const nn::Stack stack(lstm, linear, relu, gru);
  const Tensor x = normal_values(2, {6, 3, 3});
  const nn::Sequence below = lstm(x), above = gru(relu(linear(below)));
  const nn::Sequence run = stack(x);
  check_same({run}, {above});
  CHECK(run.state.size() == 3);
  check_same(parts_of({run.state[0], run.state[1]}), parts_of(below.state));
  check_same(parts_of({run.state[2]}), parts_of(above.state));

  std::vector<std::string> names;
  for (const NamedVariable& named : stack.variables()) names.push_back(named.name);
  CHECK(names.size() == 16 + 2 + 8);
  CHECK(names[0] == "0.0.forget.weight");
  CHECK(names[16] == "1.weight");
  CHECK(names[18] == "3.0.reset.weight");
  const nn::Stack copy = nn::clone(stack);
  check_same({copy(x)}, {run});
  CHECK_FALSE(copy.variables()[0].variable.is(stack.variables()[0].variable));

  // Initial states go to their parts, and parts may be chosen at run time.
  const nn::States start = some_states(stack, 3);
  const nn::Sequence first = lstm(x, {.initial = {start[0], start[1]}});
  check_same({stack(x, {.initial = start})}, {gru(relu(linear(first)), {.initial = {start[2]}})});
  const std::shared_ptr<nn::SequenceLayer> chosen = std::make_shared<nn::LSTM>(lstm);
  check_same({nn::Stack(chosen)(x)}, {below});
}

TEST_CASE("A stack streams as one") {
  check_steps(mixed(), normal_values(2, {4, 3, 3}));
  const nn::Stack stack = mixed();
  const nn::CarriedState carried(stack, 3);
  const Tensor x = normal_values(2, {5, 3, 3});
  const nn::Stack quiet(nn::Linear(3, 6, key), nn::LSTM(1, 6, 5, key), relu);
  const nn::CarriedState of_quiet(quiet, 3);
  of_quiet.assign(quiet(evaluate(slice(x, 0, 0, 2))).state);
  check_close(quiet(evaluate(slice(x, 0, 2, 5)), {.initial = of_quiet.read()}), slice(quiet(x), 0, 2, 5),
              1e-6);
  CHECK(carried.read().size() == 4);
}

TEST_CASE("Lengths go through a stack, and what stands in the padding changes nothing") {
  const nn::Stack stack = mixed();
  const Tensor x = normal_values(2, {5, 4, 3});
  const std::vector<std::int32_t> lengths{5, 2, 0, 3};
  std::vector<double> values = numbers(x);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (static_cast<std::int32_t>(i / 12) >= lengths[i / 3 % 4]) values[i] = not_a_number;
  }
  const Tensor spoilt = evaluate(cast(tensor(values, x.shape()), DType::float32));
  const nn::RecurrentCall call{.lengths = lengths_of(lengths), .mode = nn::Mode::train, .key = key};
  const Tensors expected = everything(stack, x, call);
  check_same(everything(stack, spoilt, call), expected);
  const Tensors compiled = compile([&](const Tensor& in) { return everything(stack, in, call); })(spoilt);
  for (std::size_t i = 0; i < compiled.size(); ++i) {
    for (const double each : numbers(expected[i])) REQUIRE(std::isfinite(each));
    check_close(compiled[i], expected[i], 1e-5);
  }
  // Each sequence is as it is alone, and zeros follow.
  const nn::Sequence run = stack(spoilt, {.lengths = lengths_of(lengths)});
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    const auto row = static_cast<Index>(b);
    const Tensor own = slice(run, 1, row, row + 1);
    if (lengths[b] > 0) {
      check_close(slice(own, 0, 0, lengths[b]), stack(slice(x, {{0, lengths[b]}, {row, row + 1}})).output(),
                  1e-5);
    }
    for (const double each : numbers(slice(own, 0, lengths[b], 5))) CHECK(each == 0);
  }
}

TEST_CASE("Functions of a stack see no zeros in the padding that would be infinite to them") {
  const nn::Stack stack(
      nn::GRU(1, 3, 4, key), sigmoid, nn::LSTM(1, 4, 4, key), [](const Tensor& h) { return log(abs(h)); },
      nn::Linear(4, 2, key));
  const Tensors all = everything(stack, normal_values(2, {4, 2, 3}), {.lengths = lengths_of({4, 2})});
  for (const Tensor& result : all) {
    for (const double each : numbers(result)) CHECK(std::isfinite(each));
  }
}

TEST_CASE("Ids enter a stack that begins with a table, and those in the padding are not looked up") {
  const nn::Embedding embedding(7, 3, key);
  const nn::LSTM lstm(1, 3, 4, key);
  const nn::Linear head(4, 2, key);
  const nn::Stack stack(embedding, lstm, head);
  const Tensor ids = tensor({1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5}, {4, 3});
  check_same({stack(ids)}, {head(lstm(embedding(ids)))});
  check_steps(stack, ids);
  const nn::States start = some_states(stack, 3);
  check_same({stack(ids, {.initial = start})}, {head(lstm(embedding(ids), {.initial = start}))});

  const Tensor spoilt = tensor({1, 2, 99, 4, 5, 99, 0, -1, 99, 3, 99, 99}, {4, 3});
  const nn::Sequence run = stack(spoilt, {.lengths = lengths_of({4, 2, 0})});
  const nn::Sequence whole = stack(ids);
  check_close(slice(run, 1, 0, 1), slice(whole, 1, 0, 1), 1e-6);
  check_close(slice(run, {{0, 2}, {1, 2}}), slice(whole, {{0, 2}, {1, 2}}), 1e-6);
  for (const double each : numbers(slice(run, {{2, 4}, {1, 2}}))) CHECK(each == 0);
  for (const double each : numbers(slice(run, 1, 2, 3))) CHECK(each == 0);
  const nn::Stack doubles([](const Tensor& x) { return 2 * x + 1; });  // of numbers without channels
  check_close(doubles(tensor({1.0, 2.0, 3.0, not_a_number}, {2, 2}), {.lengths = lengths_of({2, 1})}),
              {3, 5, 7, 0}, 0);
}

TEST_CASE("The states of a part have the dtype that it is given") {
  const auto convert = [](const Tensor& x) { return cast(x, DType::float64); };
  const nn::Stack stack(convert, nn::Recurrent<nn::LearnedStartOf<nn::GRUCell>>(
                                     1, 3, 4, key, {.cell = {.dtype = DType::float64}}));
  const Tensor x = normal_values(2, {3, 2, 3});
  const nn::States start = stack.initial(2, DType::float64);
  check_same({stack(x, {.initial = start})}, {stack(x)});
  check_close(stack.step(select(x, 0, 0), start), select(stack(x), 0, 0), 1e-12);
}

TEST_CASE("A stack without states is carried over windows too") {
  const nn::Stack stack(nn::Linear(3, 2, key), relu);
  const nn::CarriedState carried(stack, 2);
  CHECK(carried.read().empty());
  CHECK_NOTHROW(carried.assign({}));
  CHECK_NOTHROW(carried.reset());
  CHECK_THROWS_WITH(carried.assign(nn::States(1)), contains("got 1 of 0 states"));
  const nn::Part<nn::SequenceLayer> chosen = std::make_shared<const nn::LSTM>(1, 3, 4, key);
  const nn::CarriedState doubles(chosen, 2, DType::float64);
  doubles.reset();
  CHECK(doubles.read()[0].parts[1].spec() == Spec{DType::float64, {2, 4}});
}

TEST_CASE("A part of a stack may shorten the sequences") {
  const nn::GRU gru(1, 3, 4, key);
  const nn::Stack stack(Halved(), gru, nn::Linear(4, 2, key));
  const Tensor x = normal_values(2, {5, 3, 3});
  const nn::Sequence run = stack(x, {.lengths = lengths_of({5, 2, 3})});
  CHECK(run.shape() == Shape{3, 3, 2});
  CHECK(numbers(run.lengths) == std::vector<double>{3, 1, 2});
  check_same(parts_of(run.state),
             parts_of(gru(slice(x, 0, 0, Range::to_end, 2), {.lengths = lengths_of({3, 1, 2})}).state));
  for (const double each : numbers(slice(run, {{1, 3}, {1, 2}}))) CHECK(each == 0);
}

TEST_CASE("Each part of a stack draws by a key of its own, at its own rate, in training only") {
  const nn::Stack stack(nn::Dropout(0.25), nn::Dropout(0.5));
  const Tensor x = ones({50, 40, 3});
  check_same({stack(x)}, {x});
  check_same({stack(x, {.key = key})}, {x});
  const std::vector<double> kept = numbers(stack(x, {.mode = nn::Mode::train, .key = key}));
  const auto zero = static_cast<double>(std::count(kept.begin(), kept.end(), 0.0));
  CHECK(zero / static_cast<double>(kept.size()) == Approx(1 - 0.75 * 0.5).margin(0.03));
  const nn::Stack twice(nn::Dropout(0.5), nn::Dropout(0.5));  // one mask would drop half
  const std::vector<double> both = numbers(twice(x, {.mode = nn::Mode::train, .key = key}));
  CHECK(static_cast<double>(std::count(both.begin(), both.end(), 0.0)) >
        0.7 * static_cast<double>(both.size()));
  CHECK_THROWS_WITH(stack(x, {.mode = nn::Mode::train}),
                    contains("[stack] in dropout: training at rate 0.25 takes a random key: got none") &&
                        contains("in part 0 of a Stack"));
}

TEST_CASE("Options of a run reach the parts of a stack") {
  const nn::Recurrent<NoisyUnit> noisy(1, 3, 4, key);
  const nn::GRU gru(1, 4, 4, key);
  const nn::Stack stack(noisy, gru);
  const Tensor x = normal_values(2, {4, 2, 3}), resets = normal_values(3, {4, 2}) > zeros({});
  const nn::RecurrentCall call{
      .resets = resets, .reverse = true, .mode = nn::Mode::train, .key = key, .checkpoint = 2};
  nn::RecurrentCall first = call, second = call;
  first.key = random::fold_in(key, 0);
  second.key = random::fold_in(key, 1);
  check_same({stack(x, call)}, {gru(noisy(x, first), second)});
  CHECK(stack.takes_extra());
  CHECK_NOTHROW(stack(x, {.extra = {x}}));
  CHECK_NOTHROW(stack.step(select(x, 0, 0), stack.initial(2), {.extra = {x}}));
}

TEST_CASE("Residual layers add their input, highway layers as much of it as a gate lets through") {
  const nn::LSTM lstm(1, 4, 4, key);
  const nn::Residual residual(lstm);
  const nn::Highway highway(lstm, 4, random::key(3), {.gate_bias = -2});
  const Tensor x = normal_values(2, {5, 3, 4});
  const nn::Sequence inner = lstm(x);
  check_same({residual(x)}, {x + inner});
  const Tensor g = sigmoid(highway.gate(x));
  check_close(highway(x), g * inner + (1 - g) * x, 1e-6);
  check_close(highway.gate.bias, {-2, -2, -2, -2}, 0);
  const nn::Highway other(lstm, 4, random::key(3), {.init = nn::init::constant(0.5)});
  for (const double each : numbers(other.gate.weight)) CHECK(each == 0.5);
  for (const nn::SequenceLayer* layer :
       {static_cast<const nn::SequenceLayer*>(&residual), static_cast<const nn::SequenceLayer*>(&highway)}) {
    check_same(parts_of((*layer)(x).state), parts_of(inner.state));
    check_steps(*layer, x);
    CHECK(layer->variables()[0].name == "layer.0.forget.weight");
    CHECK_FALSE(layer->takes_extra());
    const nn::Sequence run = (*layer)(x, {.lengths = lengths_of({5, 0, 2})});
    check_close(slice(run, {{0, 2}, {2, 3}}), slice((*layer)(x), {{0, 2}, {2, 3}}), 1e-6);
    for (const double each : numbers(slice(run, {{2, 5}, {2, 3}}))) CHECK(each == 0);
    for (const double each : numbers(slice(run, {{0, 5}, {1, 2}}))) CHECK(each == 0);
  }
  check_close(nn::clone(highway)(x), highway(x), 0);
  CHECK_FALSE(nn::clone(residual).variables()[0].variable.is(lstm.variables()[0].variable));
}

TEST_CASE("Gradients through stacks and paths around layers are those of differences") {
  const nn::Stack stack = nn::to(nn::Stack(nn::Residual(nn::GRU(1, 2, 2, key)),
                                           nn::Highway(nn::RNN(1, 2, 2, key), 2, key), nn::Linear(2, 1, key)),
                                 DType::float64);
  gradcheck(
      [&](const Tensors& in) -> Tensor {
        return weighted(stack(in[0], {.lengths = lengths_of({3, 1})}));
      },
      {normal_values(3, {3, 2, 2}, DType::float64)}, {.compiled = false});
}

TEST_CASE("Any cell learns its initial state in a wrapper") {
  const nn::LSTMCell lstm(3, 4, key);
  const auto start = std::make_shared<const nn::LearnedStart>(std::make_shared<const nn::LSTMCell>(lstm));
  const nn::RecurrentLayers rnn({start});
  const Tensor x = normal_values(2, {3, 2, 3});
  check_same({rnn(x)}, {nn::LSTM({lstm})(x)});  // zeros at first
  const NamedVariables all = rnn.variables();
  CHECK(all.size() == 10);
  CHECK(all[0].name == "0.inner.forget.weight");
  CHECK(all[8].name == "0.first.0");
  CHECK(all[9].name == "0.first.1");

  // Its gradient is that of the state it begins with, summed over the batch.
  start->first[0].assign(normal_values(3, {4}));
  start->first[1].assign(normal_values(4, {4}));
  const nn::States given{
      {evaluate(broadcast_to(start->first[0], {2, 4})), evaluate(broadcast_to(start->first[1], {2, 4}))}};
  const nn::Sequence run = rnn(x), same = rnn(x, {.initial = given});
  check_same({run}, {same});
  const Tensors slopes = grad(weighted(run), Tensors{start->first[0], start->first[1]});
  const Tensors expected = grad(weighted(same), parts_of(given));
  for (std::size_t i = 0; i < 2; ++i) check_close(slopes[i], sum(expected[i], 0), 1e-6);

  // It passes its context on, keeps what the cell inside has learned, and converts.
  const nn::Recurrent<nn::LearnedStartOf<NoisyUnit>> noisy(2, 3, 4, key);
  const nn::RecurrentCall train{.mode = nn::Mode::train, .key = key};
  check_same({noisy(x, train)}, {nn::Recurrent<NoisyUnit>(2, 3, 4, key)(x, train)});
  CHECK(numbers(nn::LearnedStart(std::make_shared<const LeakyUnit>(3, 2, key)).first[0]) ==
        std::vector<double>{0.5, 0.5});
  const nn::GRUCell in_doubles(3, 4, key, {.dtype = DType::float64});
  nn::LearnedStart by_value(in_doubles);
  CHECK(by_value.first[0].dtype() == DType::float64);
  CHECK(nn::LearnedStart(in_doubles, DType::float32).first[0].dtype() == DType::float32);
  CHECK(nn::LearnedStart(by_value).variables()[0].name == "inner.reset.weight");  // a copy, not around it
  const nn::Bidirectional<nn::LearnedStartOf<nn::GRUCell>> doubles(1, 3, 4, key,
                                                                   {.cell = {.dtype = DType::float64}});
  CHECK(doubles.forward(0).first[0].dtype() == DType::float64);
  CHECK(doubles(zeros({2, 1, 3}, DType::float64)).shape() == Shape{2, 1, 8});
  CHECK(nn::to(noisy, DType::float64)(zeros({2, 1, 3}, DType::float64)).dtype() == DType::float64);
}
