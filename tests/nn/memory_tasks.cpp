// The two tasks by which long short-term memory is known, in a moment each, and that a plain RNN of the same
// size and training does not learn. Batches are drawn by the compiled step.

#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/threads.h>
#include <sluice/nn/loss.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/rnn.h>
#include <sluice/ops/argmax.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/floor.h>
#include <sluice/ops/mean.h>
#include <sluice/ops/one_hot.h>
#include <sluice/ops/random.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/square.h>
#include <sluice/ops/squeeze.h>
#include <sluice/ops/stack.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/transpose.h>
#include <sluice/optim/adam.h>

#include "support/catch.h"

#include <functional>

using namespace sluice;

namespace {

constexpr Index time_steps = 50;                    // of adding
constexpr Index symbols = 5, wait = 10, kinds = 4;  // of copying

Tensor below(const Tensor& key, const Shape& shape, Index n) {
  return cast(floor(random::uniform(key, shape) * n), DType::int32);
}

/// What is said about a batch that a key draws: the loss that is trained, and what is reported.
struct Report {
  Tensor loss, figure;
};
using Task = std::function<Report(const nn::RecurrentLayers&, const nn::Linear&, const Tensor&, Index batch)>;

/// The sum of two marked numbers in [0, 1), one in each half of the sequence, to be said at the end.
/// Hochreiter and Schmidhuber, 1997. The figure is the mean squared error: 1/6 for who always says 1.
Report adding(const nn::RecurrentLayers& rnn, const nn::Linear& head, const Tensor& key, Index batch) {
  const Tensors keys = random::split(key, 3);
  const Index half = time_steps / 2;
  const Tensor values = random::uniform(keys[0], {time_steps, batch});
  const Tensor first = one_hot(below(keys[1], {batch}, half), time_steps);
  const Tensor second = one_hot(below(keys[2], {batch}, half) + half, time_steps);
  const Tensor marks = transpose(first + second);
  const Tensor said = squeeze(head(rnn(stack({values, marks}, -1))[-1]), {-1});
  const Tensor loss = mean(square(said - sum(values * marks, 0)));
  return {loss, loss};
}

/// Five symbols of four kinds, ten steps of nothing, of which the last asks for them, and then the five
/// again. The figure is the share that is right: a quarter by chance.
Report copying(const nn::RecurrentLayers& rnn, const nn::Linear& head, const Tensor& key, Index batch) {
  const Tensor text = below(key, {symbols, batch}, kinds);
  const auto same = [&](Index count, Index symbol) {
    return full({count, batch}, static_cast<double>(symbol), DType::int32);
  };
  const Tensor heard = concat({text, same(wait - 1, kinds), same(1, kinds + 1), same(symbols, kinds)}, 0);
  const Tensor said = head(slice(rnn(one_hot(heard, kinds + 2)), 0, symbols + wait));
  return {nn::cross_entropy(said, text), mean(cast(argmax(said, -1) == text, DType::float32))};
}

/// Steps this small gain nothing from a second thread, and lose much where tests run side by side.
struct OneThread {
  OneThread() { kernels::set_threads(1); }
  ~OneThread() { kernels::set_threads(0); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;
};

/// Trains until `solved` holds of the figure of unseen sequences, asked every 50 steps, or for all steps; the
/// figure then.
double learnt(const Task& task, const nn::RecurrentLayers& rnn, Index outputs, double rate, int steps,
              const std::function<bool(double)>& solved) {
  const OneThread alone;
  const nn::Linear head(rnn.hidden(), outputs, random::key(2));
  optim::Adam adam(nn::variables({{"rnn", rnn}, {"head", head}}), {.learning_rate = rate, .clip_norm = 1});
  const Variable key(random::key(3));
  const auto step = compile([&] {
    const Tensors next = random::split(key, 2);
    key.assign(next[0]);
    const Tensor loss = task(rnn, head, next[1], 16).loss;
    adam.update(loss);
    return loss;
  });
  const auto figure = compile([&] { return task(rnn, head, random::key(4), 200).figure; });
  double now = figure().item();
  for (int i = 1; i <= steps && !solved(now); ++i) {
    step();
    if (i % 50 == 0) now = figure().item();
  }
  return now;
}

}  // namespace

TEST_CASE("An LSTM adds two numbers that lie up to fifty steps back, a plain RNN does not") {
  const auto solved = [](double error) { return error < 0.02; };
  const nn::LSTM lstm(1, 2, 16, random::key(1), {.cell = {.forget_bias = 3}});
  CHECK(learnt(adding, lstm, 1, 0.03, 1500, solved) < 0.02);
  CHECK(learnt(adding, nn::RNN(1, 2, 16, random::key(1)), 1, 0.03, 500, solved) > 0.1);
}

TEST_CASE("An LSTM copies what it heard ten steps before, a plain RNN does not") {
  const auto solved = [](double share) { return share > 0.95; };
  const nn::LSTM lstm(1, kinds + 2, 64, random::key(1), {.cell = {.forget_bias = 4}});
  CHECK(learnt(copying, lstm, kinds, 0.02, 1500, solved) > 0.95);
  CHECK(learnt(copying, nn::RNN(1, kinds + 2, 64, random::key(1)), kinds, 0.02, 700, solved) < 0.6);
}
