#include <sluice/check/gradcheck.h>
#include <sluice/compile/compile.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/four_gate.h>
#include <sluice/nn/gru.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/rnn.h>
#include <sluice/nn/values.h>
#include <sluice/ops/exp.h>
#include <sluice/ops/log.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/take.h>
#include <sluice/ops/where.h>

#include "nn/sequences.h"
#include "support/catch.h"

#include <type_traits>

using namespace sluice;
using namespace sluice::test;

namespace {

const Tensor key = random::key(7);

// Products with fewer rows or columns are summed in another order, which depends on their sizes.
constexpr Index wide = 16;

/// x with these values in place of what lies behind the ends.
Tensor padded_with(const Tensor& x, const std::vector<std::int32_t>& lengths, double value) {
  std::vector<double> values = numbers(x);
  const auto batch = static_cast<std::size_t>(x.dim(1)), width = static_cast<std::size_t>(x.dim(2));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (static_cast<std::int32_t>(i / (batch * width)) >= lengths[i / width % batch]) values[i] = value;
  }
  return evaluate(cast(tensor(values, x.shape()), x.dtype()));
}

/// The same of the compiled function, with the lengths and the initial states as arguments.
Tensors compiled_everything(const nn::SequenceLayer& layer, const Tensor& x, const nn::RecurrentCall& call) {
  Tensors arguments{x};
  if (call.lengths.defined()) arguments.push_back(call.lengths);
  const std::size_t first_part = arguments.size();
  for (const Tensor& part : parts_of(call.initial)) arguments.push_back(part);
  return compile([&](const Tensors& in) {
    nn::RecurrentCall own = call;
    if (call.lengths.defined()) own.lengths = in[1];
    own.initial = states_like(call.initial, {in.begin() + static_cast<std::ptrdiff_t>(first_part), in.end()});
    return everything(layer, in[0], own);
  })(arguments);
}

nn::States rows_of(const nn::States& states, const Tensor& ids) {
  Tensors parts;
  for (const Tensor& part : parts_of(states)) parts.push_back(evaluate(take(part, ids, 0)));
  return states_like(states, parts);
}

/// Two batches of 16, padded and side by side, against each alone.
void check_against_alone(const nn::SequenceLayer& layer, nn::RecurrentCall call, bool compiled,
                         double tolerance = 0) {
  const auto all = compiled ? compiled_everything : everything;
  const Index time = 6;
  std::vector<std::int32_t> lengths;
  std::vector<std::int32_t> ids[2];
  for (std::int32_t b = 0; b < 32; ++b) {
    lengths.push_back(b % 2 == 0 ? 3 : 5);
    ids[b % 2].push_back(b);
  }
  const Tensor x = normal_values(2, {time, 32, wide});
  const bool starts = !call.initial.empty();
  const nn::States start = some_states(layer, 32);
  if (starts) call.initial = start;
  nn::RecurrentCall with = call;
  with.lengths = lengths_of(lengths);
  const Tensors padded = all(layer, padded_with(x, lengths, not_a_number), with);

  const std::size_t states = parts_of(start).size(), first_variable = 1 + (starts ? states : 0);
  const std::size_t output = padded.size() - 1 - states;
  Tensors of_variables;
  for (std::int32_t half = 0; half < 2; ++half) {
    const Tensor rows = lengths_of(ids[half]);
    const Index length = half == 0 ? 3 : 5;
    if (starts) call.initial = rows_of(start, rows);
    const Tensors alone = all(layer, evaluate(take(slice(x, 0, 0, length), rows, 1)), call);
    REQUIRE(alone.size() == padded.size());
    for (std::size_t i = 0; i < alone.size(); ++i) {
      INFO("result " << i << " of " << alone.size() << ", length " << length);
      if (i >= first_variable && i < output) {  // the gradient of a Variable: the sum over both
        of_variables.resize(output);
        of_variables[i] = half == 0 ? alone[i] : of_variables[i] + alone[i];
        if (half == 1) check_close(padded[i], of_variables[i], 1e-6 * 32);
        continue;
      }
      const bool over_time = i == 0 || i == output;
      const Tensor own = take(padded[i], rows, over_time ? 1 : 0);
      check_close(over_time ? slice(own, 0, 0, length) : own, alone[i], tolerance);
      if (!over_time) continue;
      const Tensor behind = slice(own, 0, length, time);
      CHECK(numbers(behind) == numbers(zeros(behind.shape())));
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("Padded sequences give what they give alone, bit for bit", "", nn::RNNCell, nn::LSTMCell,
                   nn::GRUCell, nn::FourGateCell, LeakyUnit, NoisyUnit) {
  const nn::Recurrent<TestType> rnn(2, wide, wide, random::key(1));
  const nn::States some = rnn.initial(32);
  // Its program begins a product with what is added to it, but not where a mask lies between the two.
  const double tolerance = std::is_same_v<TestType, nn::FourGateCell> ? 1e-6 : 0;
  check_against_alone(rnn, {}, true, tolerance);
  check_against_alone(rnn, {.initial = some, .reverse = true}, true, tolerance);
  check_against_alone(rnn, {.initial = some, .checkpoint = 2}, false);
}

TEMPLATE_TEST_CASE("Dropout and noise are those of the sequences without padding", "", nn::LSTMCell,
                   NoisyUnit) {
  const nn::Recurrent<TestType> rnn(3, wide, wide, random::key(1), {.dropout = 0.5});
  const std::vector<std::int32_t> lengths(17, 4);
  const Tensor x = normal_values(2, {6, 17, wide});
  for (const bool reverse : {false, true}) {
    nn::RecurrentCall call{.reverse = reverse, .mode = nn::Mode::train, .key = key};
    const Tensors alone = everything(rnn, evaluate(slice(x, 0, 0, 4)), call);
    call.lengths = lengths_of(lengths);
    const Tensors padded = everything(rnn, padded_with(x, lengths, not_a_number), call);
    CHECK(numbers(slice(padded[0], 0, 0, 4)) == numbers(alone[0]));
    const std::size_t output = 1 + rnn.variables().size();
    CHECK(numbers(slice(padded[output], 0, 0, 4)) == numbers(alone[output]));
    for (std::size_t i = output + 1; i < alone.size(); ++i) CHECK(numbers(padded[i]) == numbers(alone[i]));
    for (std::size_t i = 1; i < output; ++i) check_close(padded[i], alone[i], 1e-6 * 17);
  }
}

TEMPLATE_TEST_CASE("What stands in the padding changes nothing", "", nn::LSTMCell, NoisyUnit) {
  const nn::Recurrent<TestType> rnn(2, 3, 4, random::key(1));
  const std::vector<std::int32_t> lengths{5, 0, 3, 4, 1};
  const Tensor x = normal_values(2, {5, 5, 3});
  std::vector<std::uint8_t> none, behind;
  for (std::size_t t = 0; t < 5; ++t) {
    for (const std::int32_t length : lengths) {
      none.push_back(t == 2 ? 1 : 0);
      behind.push_back(t == 2 || static_cast<std::int32_t>(t) >= length ? 1 : 0);
    }
  }
  const auto resets = [](const std::vector<std::uint8_t>& values) {
    return evaluate(
        cast(tensor(std::vector<std::int32_t>(values.begin(), values.end()), {5, 5}), DType::boolean));
  };
  for (const bool reverse : {false, true}) {
    nn::RecurrentCall call{.lengths = lengths_of(lengths), .resets = resets(none), .reverse = reverse};
    const Tensors expected = everything(rnn, padded_with(x, lengths, 0), call);
    for (const Tensor& result : expected) {
      for (const double each : numbers(result)) REQUIRE(std::isfinite(each));
    }
    call.resets = resets(behind);
    for (const double value : {not_a_number, std::numeric_limits<double>::infinity(), 1e30}) {
      const Tensor filled = padded_with(x, lengths, value);
      check_same(everything(rnn, filled, call), expected);
    }
    const Tensors compiled = compiled_everything(rnn, padded_with(x, lengths, not_a_number), call);
    for (std::size_t i = 0; i < compiled.size(); ++i) check_close(compiled[i], expected[i], 1e-5);
  }
}

namespace {

/// Infinite at x = 0, and so is its slope.
struct LogUnit : nn::Cell {
  nn::Linear in;
  LogUnit(Index of_x, Index of_h, const Tensor& drawn_by) : Cell(of_x, {of_h}), in(of_x, of_h, drawn_by) {}
  nn::State step(const Tensor& x, const nn::State& s) const override {
    return {exp(0.1 * tanh(in(log(x)) + s.output()))};
  }
  void members(const nn::Members& m) const override { m("in", in); }
};

}  // namespace

TEST_CASE("A cell that is infinite at zero is not asked for it") {
  const nn::Recurrent<LogUnit> rnn(2, 3, 4, random::key(1));
  const std::vector<std::int32_t> lengths{1, 3, 2};
  const Tensor x = evaluate(exp(normal_values(2, {3, 3, 3})));
  for (const bool reverse : {false, true}) {
    const nn::RecurrentCall call{.lengths = lengths_of(lengths), .reverse = reverse};
    const Tensors expected = everything(rnn, x, call);
    for (const Tensor& result : expected) {
      for (const double each : numbers(result)) CHECK(std::isfinite(each));
    }
    check_same(everything(rnn, padded_with(x, lengths, 0), call), expected);
    const Tensors compiled = compiled_everything(rnn, padded_with(x, lengths, not_a_number), call);
    for (std::size_t i = 0; i < compiled.size(); ++i) check_close(compiled[i], expected[i], 1e-5);
  }
}

TEST_CASE("A sequence without steps keeps its state and gives zeros") {
  const nn::LSTM rnn(2, 3, 4, random::key(1));
  const nn::States start = some_states(rnn, 2);
  const Tensors parts = parts_of(start);
  for (const Index time : {Index{3}, Index{0}}) {
    const Tensor x = normal_values(2, {time, 2, 3});
    const nn::Sequence run = rnn(x, {.initial = start, .lengths = lengths_of({0, 0})});
    CHECK(run.shape() == Shape{time, 2, 4});
    for (const double each : numbers(run)) CHECK(each == 0);
    check_same(parts_of(run.state), parts);
    const Tensors slopes = grad(weighted(run), Tensors{x, parts[0], parts[3]});
    for (const double each : numbers(slopes[0])) CHECK(each == 0);
    check_close(slopes[1], numbers(broadcast_to(step_weights(parts[0]), {2, 4})), 0);
    check_close(slopes[2], numbers(broadcast_to(step_weights(parts[3]), {2, 4})), 0);
  }
  CHECK(rnn(normal_values(2, {3, 0, 3}), {.lengths = lengths_of({})}).shape() == Shape{3, 0, 4});
}

TEST_CASE("The result says the lengths of its outputs") {
  const nn::GRU rnn(1, 3, 4, random::key(1));
  const Tensor lengths = lengths_of({2, 1});
  CHECK(numbers(rnn(zeros({2, 2, 3}), {.lengths = lengths}).lengths) == std::vector<double>{2, 1});
  CHECK_FALSE(rnn(zeros({2, 2, 3})).lengths.defined());
}

TEMPLATE_TEST_CASE("Gradients over padded sequences are those of differences", "", nn::LSTMCell, NoisyUnit) {
  const nn::Recurrent<TestType> rnn =
      nn::to(nn::Recurrent<TestType>(2, 2, 2, random::key(1)), DType::float64);
  for (const bool reverse : {false, true}) {
    gradcheck(
        [&](const Tensors& in) -> Tensors {
          const nn::Sequence run =
              rnn(in[0], {.initial = states_like(rnn.initial(3), {in.begin() + 2, in.end()}),
                          .lengths = in[1],
                          .reverse = reverse});
          Tensors all = parts_of(run.state);
          all.push_back(run);
          return all;
        },
        [&] {
          Tensors in{normal_values(3, {3, 3, 2}, DType::float64), lengths_of({2, 0, 3})};
          for (const Tensor& part : parts_of(rnn.initial(3, DType::float64))) {
            in.push_back(normal_values(20 + static_cast<int>(in.size()), part.shape(), DType::float64));
          }
          return in;
        }(),
        {.compiled = false});
  }
}

TEST_CASE("One program serves all lengths") {
  const nn::LSTM rnn(1, 3, 4, random::key(1));
  auto run = compile([&](const Tensor& x, const Tensor& n) { return rnn(x, {.lengths = n}).output(); });
  const Tensor x = normal_values(2, {4, 2, 3});
  for (const std::vector<std::int32_t>& lengths :
       std::vector<std::vector<std::int32_t>>{{4, 4}, {1, 3}, {0, 2}}) {
    check_close(run(x, lengths_of(lengths)), rnn(x, {.lengths = lengths_of(lengths)}).output(), 1e-6);
  }
  CHECK_THROWS_WITH(run(x, lengths_of({5, 1})),
                    contains("a length is in [0, 4], the padded time: got 5 of sequence 0"));
}
