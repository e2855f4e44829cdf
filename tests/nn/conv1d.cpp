#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/carried_state.h>
#include <sluice/nn/conv1d.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/values.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/random.h>
#include <sluice/ops/select.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/stack.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/tanh.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

namespace {

constexpr double tolerance = 1e-12;
const Tensor conv_key = random::key(5);

Tensor noise(int seed, const Shape& shape) {
  return evaluate(random::normal(random::key(static_cast<std::uint64_t>(seed)), shape, 0, 1, DType::float64));
}

nn::Conv1dOptions causal(Index stride = 1, Index dilation = 1, Index groups = 1) {
  nn::Conv1dOptions options;
  options.padding = ConvPadding::causal;
  options.stride = stride, options.dilation = dilation, options.groups = groups;
  options.dtype = DType::float64;
  return options;
}

/// Convolutions that carry a state: taps, stride, dilation, groups.
std::vector<nn::Conv1d> streaming_layers(Index stride = 1) {
  return {nn::Conv1d(4, 6, 3, conv_key, causal(stride)), nn::Conv1d(4, 2, 2, conv_key, causal(stride, 3)),
          nn::Conv1d(4, 4, 3, conv_key, causal(stride, 2, 4)),
          nn::Conv1d(4, 6, 3, conv_key, causal(stride, 1, 2)), nn::Conv1d(4, 3, 1, conv_key, causal(stride))};
}

/// The steps [begin, end) of sequence b alone.
Tensor alone(const Tensor& x, Index b, Index begin, Index end) {
  return slice(slice(x, 0, begin, end), {{}, {b, b + 1}});
}

}  // namespace

TEST_CASE("Conv1d is conv1d with a bias, and its weight has PyTorch's bounds") {
  nn::Conv1dOptions options;
  options.dilation = 2, options.groups = 2;
  const nn::Conv1d conv(8, 10, 5, conv_key, options);
  CHECK(conv.weight.shape() == Shape{5, 4, 10});
  CHECK(conv.in() == 8);
  CHECK(conv.out() == 10);
  CHECK(conv.count() == 210);
  const double bound = 1 / std::sqrt(20.0);
  const std::vector<double> w = numbers(conv.weight);
  const auto [low, high] = std::minmax_element(w.begin(), w.end());
  CHECK(*low >= -bound);
  CHECK(*low < -0.9 * bound);
  CHECK(*high <= bound);
  CHECK(*high > 0.9 * bound);
  for (const double b : numbers(conv.bias)) CHECK(std::abs(b) <= bound);

  const nn::Conv1d wide = nn::to(conv, DType::float64);
  const Tensor x = noise(1, {12, 3, 8});
  const nn::Sequence run = wide(x);
  CHECK(run.shape() == Shape{4, 3, 10});
  CHECK(run.state.empty());
  CHECK(wide.initial(3).empty());
  check_close(run, conv1d(x, wide.weight, {.dilation = 2, .groups = 2}) + wide.bias, tolerance);

  const nn::Conv1d plain(2, 2, 1, conv_key, {.bias = false, .init = nn::init::constant(0.5)});
  CHECK(plain.variables().size() == 1);
  CHECK(numbers(plain(ones({1, 1, 2}))) == std::vector<double>{1, 1});
}

TEST_CASE("A causal convolution streams: its steps are the whole sequence") {
  const Tensor x = noise(2, {9, 2, 4});
  for (const nn::Conv1d& conv : streaming_layers()) {
    CAPTURE(conv.weight.shape(), conv.options().dilation, conv.options().groups);
    const nn::Sequence whole = conv(x);
    nn::States state = conv.initial(2, DType::float64);
    REQUIRE(state.size() == 1);
    CHECK(state[0].output().shape() == Shape{2, (conv.taps() - 1) * conv.options().dilation * 4});
    auto next = compile([&](const Tensor& now, const nn::State& s) {
      const nn::Sequence run = conv.step(now, {s});
      return std::pair(run.output(), run.state[0]);
    });
    for (Index t = 0; t < 9; ++t) {
      const auto [y, after] = next(evaluate(x[t]), state[0]);
      check_close(y, whole[t], tolerance);
      state = {after};
    }
    check_close(state[0].output(), whole.state[0].output(), 0);
  }
}

TEST_CASE("Windows of a long sequence that carry the state are the whole") {
  const Tensor x = noise(3, {12, 2, 4});
  for (const Index stride : {1, 2}) {
    for (const nn::Conv1d& conv : streaming_layers(stride)) {
      CAPTURE(conv.weight.shape(), conv.options().dilation, stride);
      const nn::Sequence whole = conv(x);
      const nn::CarriedState carried(conv, 2, DType::float64);
      Tensors parts;
      Index begin = 0;
      for (const Index end : {2, 4, 10, 10, 12}) {  // one shorter than what is remembered, one empty
        const nn::Sequence run = conv(slice(x, 0, begin, end), {.initial = carried.read()});
        parts.push_back(evaluate(run));
        carried.assign(run.state);
        begin = end;
      }
      check_close(concat(parts, 0), whole, tolerance);
      check_close(carried.read()[0].output(), whole.state[0].output(), 0);
    }
  }
}

TEST_CASE("Sequences of different lengths are convolved as each alone") {
  const std::vector<std::int32_t> n{7, 0, 3, 5};
  const Tensor lengths = tensor(n, {4});
  const Tensor good = noise(4, {7, 4, 4});
  std::vector<double> values = numbers(good);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t t = i / 16, b = i / 4 % 4;
    if (static_cast<std::int32_t>(t) >= n[b]) values[i] = std::nan("");
  }
  const Variable x(tensor(values, good.shape()));
  std::vector<nn::Conv1d> layers = streaming_layers(1);
  for (const nn::Conv1d& strided : streaming_layers(3)) layers.push_back(strided);
  for (const Index stride : {1, 2}) {
    nn::Conv1dOptions valid = causal(stride);
    valid.padding = ConvPadding::valid;
    layers.emplace_back(4, 3, 3, conv_key, valid);
  }
  nn::Conv1dOptions same = causal(1, 2);
  same.padding = ConvPadding::same;
  layers.emplace_back(4, 3, 4, conv_key, same);
  const Tensor memory = noise(5, {4, 2 * 2 * 4});
  for (const nn::Conv1d& conv : layers) {
    CAPTURE(conv.weight.shape(), conv.options().stride, conv.options().dilation);
    nn::RecurrentCall call{.lengths = lengths};
    const nn::States zeros_before = conv.initial(4, DType::float64);
    const bool goes_on = !zeros_before.empty() && conv.options().stride == 1;
    if (goes_on) call.initial = {nn::State{slice(memory, 1, 0, zeros_before[0].output().dim(1))}};
    const nn::Sequence run = conv(x, call);
    const Tensor dx = grad(sum(tanh(run)), x);
    REQUIRE(run.lengths.shape() == Shape{4});
    for (Index b = 0; b < 4; ++b) {
      CAPTURE(b);
      const Index steps = n[static_cast<std::size_t>(b)];
      nn::RecurrentCall own;
      if (goes_on) own.initial = {nn::State{slice(call.initial[0].output(), 0, b, b + 1)}};
      const Variable mine(evaluate(alone(good, b, 0, steps)));
      const nn::Sequence expected = conv(mine, own);
      const Index count = expected.dim(0);
      CHECK(evaluate(run.lengths).at(b) == static_cast<double>(count));
      check_close(alone(run, b, 0, count), expected.output(), tolerance);
      for (const double v : numbers(alone(run, b, count, Range::to_end))) CHECK(v == 0);
      check_close(alone(dx, b, 0, steps), grad(sum(tanh(expected)), mine), tolerance);
      for (const double v : numbers(alone(dx, b, steps, Range::to_end))) CHECK(v == 0);
      if (!run.state.empty())
        check_close(slice(run.state[0].output(), 0, b, b + 1), expected.state[0].output(), 0);
    }
    for (const double v : numbers(grad(sum(tanh(run)), conv.weight))) CHECK(std::isfinite(v));
  }
}

TEST_CASE("What was before a reset is not heard") {
  const Index time = 8;
  const Tensor x = noise(6, {time, 2, 4});
  // Sequence 0 begins anew at 3 and 4, sequence 1 at 0, and at 6, which is past its end.
  std::vector<std::int32_t> marks(static_cast<std::size_t>(2 * time));
  marks[6] = marks[8] = marks[1] = marks[13] = 1;
  const Tensor resets = evaluate(cast(tensor(marks, {time, 2}), DType::boolean));
  const std::vector<Index> ends{8, 5};
  const Tensor lengths = tensor(std::vector<std::int32_t>{8, 5});
  const std::vector<std::vector<Index>> pieces{{0, 3, 4, 8}, {0, 5}};
  for (const nn::Conv1d& conv : streaming_layers()) {
    CAPTURE(conv.weight.shape(), conv.options().dilation);
    const Index remembered = conv.initial(1)[0].output().dim(1);
    const Tensor memory = noise(7, {2, remembered});
    const nn::Sequence run = conv(x, {.initial = {nn::State{memory}}, .lengths = lengths, .resets = resets});
    for (Index b = 0; b < 2; ++b) {
      const auto& places = pieces[static_cast<std::size_t>(b)];
      nn::RecurrentCall own;
      if (b == 0) own.initial = {nn::State{slice(memory, 0, 0, 1)}};  // the first step of 1 is a reset
      for (std::size_t i = 0; i + 1 < places.size(); ++i) {
        const nn::Sequence piece = conv(alone(x, b, places[i], places[i + 1]), own);
        check_close(alone(run, b, places[i], places[i + 1]), piece.output(), tolerance);
        if (i + 2 == places.size())
          check_close(slice(run.state[0].output(), 0, b, b + 1), piece.state[0].output(), 0);
        own.initial = {};
      }
    }
  }
  // With a stride, too, outputs keep their places.
  const nn::Conv1d strided(4, 3, 3, conv_key, causal(2));
  const nn::Conv1d dense(4, 3, 3, conv_key, causal());
  check_close(strided(x, {.resets = resets}), slice(dense(x, {.resets = resets}), 0, 0, time, 2), tolerance);
}

TEST_CASE("Convolutions and an LSTM above each other stream as the whole") {
  nn::RecurrentOptions<nn::LSTMCell> options;
  options.cell.dtype = DType::float64;
  const nn::Conv1d below(3, 4, 3, conv_key, causal(1, 2));
  const nn::LSTM rnn(1, 4, 5, conv_key, options);
  const nn::Conv1d above(5, 2, 2, conv_key, causal());
  const Tensor x = noise(8, {10, 2, 3});
  const Tensor whole = above(rnn(tanh(below(x))));
  nn::States a = below.initial(2, DType::float64), b = rnn.initial(2, DType::float64),
             c = above.initial(2, DType::float64);
  auto next = compile([&](const Tensor& now, const std::vector<nn::State>& states) {
    const nn::Sequence first = below.step(now, {states[0]});
    const nn::Sequence second = rnn.step(tanh(first), {states[1]});
    const nn::Sequence third = above.step(second, {states[2]});
    return std::pair(third.output(), std::vector<nn::State>{first.state[0], second.state[0], third.state[0]});
  });
  std::vector<nn::State> states{a[0], b[0], c[0]};
  for (Index t = 0; t < 10; ++t) {
    auto [y, after] = next(evaluate(x[t]), states);
    check_close(y, whole[t], tolerance);
    states = after;
  }
}

TEST_CASE("Conv1d says what it takes") {
  const nn::Conv1d conv(4, 3, 3, conv_key, causal());
  const Tensor x = zeros({5, 2, 4}, DType::float64);
  CHECK_THROWS_WITH(nn::Conv1d(0, 3, 3, conv_key),
                    contains("[conv1d] sizes are at least 1: got 0 in, 3 out and 3 taps"));
  CHECK_THROWS_WITH(
      nn::Conv1d(4, 3, 3, conv_key, causal(1, 1, 2)),
      contains("[conv1d] channels are divided among the groups: got 4 in and 3 out for 2 groups"));
  CHECK_THROWS_WITH(nn::Conv1d(4, 3, 3, conv_key, causal(0)),
                    contains("stride, dilation and groups are from 1"));
  CHECK_THROWS_WITH(
      conv(zeros({5, 2, 4})),
      contains("[conv1d] takes x f64[time, batch, 4], for its weight f64[3, 4, 3] and 1 groups: "
               "got f32[5, 2, 4]"));
  CHECK_THROWS_WITH(conv.step(x, {}), contains("[conv1d] takes x f64[batch, 4]"));
  CHECK_THROWS_WITH(conv(x, {.reverse = true}),
                    contains("[conv1d] a convolution has no direction: got reverse"));
  CHECK_THROWS_WITH(conv(x, {.extra = {x}}), contains("[conv1d] extra tensors are for cells"));
  CHECK_THROWS_WITH(conv.step(x[0], conv.initial(2, DType::float64), {.extra = {x}}),
                    contains("[conv1d] extra tensors are for cells"));
  CHECK_THROWS_WITH(conv(x, {.initial = conv.initial(3, DType::float64)}),
                    contains("[conv1d] takes one state, with one part f64[2, 8]: got f64[3, 8]; start from "
                             "initial(batch, dtype)"));
  CHECK_THROWS_WITH(conv.step(x[0], {}), contains("got 0 states"));
  CHECK_THROWS_WITH(conv(x, {.lengths = zeros({3}, DType::int32)}),
                    contains("takes one length per sequence"));
  CHECK_THROWS_WITH(conv(x, {.resets = zeros({3, 2}, DType::boolean)}), contains("resets say of each step"));
  CHECK_THROWS_WITH(conv.initial(-1), contains("[conv1d] a batch is not negative: got -1"));

  nn::Conv1dOptions valid;
  valid.dtype = DType::float64;
  const nn::Conv1d other(4, 3, 3, conv_key, valid);
  CHECK_THROWS_WITH(
      other.step(x[0], {}),
      contains("[conv1d] a step gives one output, which hears of no later input: got a convolution "
               "that is not causal with stride 1; make it with ConvPadding::causal and stride 1, or "
               "run over a sequence"));
  CHECK_THROWS_WITH(other(x, {.initial = conv.initial(2, DType::float64)}),
                    contains("goes on from a state, or begins anew: got an initial state"));
  CHECK_THROWS_WITH(other(x, {.resets = zeros({5, 2}, DType::boolean)}),
                    contains("got resets of a convolution"));
  const nn::Conv1d strided(4, 3, 3, conv_key, causal(2));
  CHECK_THROWS_WITH(strided.step(x[0], strided.initial(2, DType::float64)),
                    contains("that is causal with stride 2"));
  CHECK_THROWS_WITH(strided(x, {.initial = strided.initial(2, DType::float64)}),
                    contains("as long as a multiple of the stride: got 5 steps and stride 2"));
}
