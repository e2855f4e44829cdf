#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/four_gate.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/weight_drop.h>
#include <sluice/nn/zoneout.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/eye.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/random.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/select.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/sum.h>

#include "support/catch.h"
#include "support/close.h"

#include <algorithm>

using namespace sluice;
using namespace sluice::test;

namespace {

constexpr Index width = 3, units = 40;
const Tensor seed = random::key(1);
const nn::RecurrentCall train{.mode = nn::Mode::train, .key = random::key(5)};

// h' = [x, h] W, and h starts as the first unit vectors, so that steps show rows of W.
struct Rows : nn::Cell {
  Variable weight;
  explicit Rows(const Tensor& value) : Cell(width, {units}), weight(value) {}
  nn::State step(const Tensor& x, const nn::State& s) const override {
    return {matmul(concat({x, s.output()}, -1), weight)};
  }
  nn::State start(Index, DType dtype) const override { return {eye(units, dtype)}; }
  void members(const nn::Members& m) const override { m("weight", weight); }
};

std::vector<std::string> dropped_in(const nn::SequenceLayer& layers) {
  std::vector<std::string> names;
  for (const nn::RecurrentWeight& one : layers.recurrent_weights()) {
    for (const NamedVariable& named : layers.variables()) {
      if (named.variable.is(one.weight))
        names.push_back(named.name + " from " + std::to_string(one.first_row));
    }
  }
  return names;
}

}  // namespace

TEST_CASE("Weight drop drops the share it was told, of the rows of h alone, once for all steps") {
  const Rows cell(full({width + units, units}, 3));
  const nn::WeightDrop rnn(nn::Recurrent<Rows>({cell}), 0.25);
  const Tensor seen = rnn(zeros({1, units, width}), train);  // [1, rows of h, units]
  const std::vector<double> values = numbers(seen);
  const auto share = [&](double value) {
    return static_cast<double>(std::count(values.begin(), values.end(), value)) / (units * units);
  };
  // 1,600 draws: the share has a standard deviation of 0.011; the scale keeps 3 the mean.
  CHECK(share(0) == Approx(0.25).margin(0.055));
  CHECK(share(0) + share(4) == 1);

  // Two steps take the product with the same weights twice.
  const Tensor w = select(seen, 0, 0);
  check_close(select(rnn(zeros({2, units, width}), train), 0, 1), matmul(w, w), 1e-5);

  // The rows of x are whole.
  const Tensor x = concat({eye(width), zeros({units - width, width})}, 0);
  const Tensor zero = zeros({units, units});
  const Tensor of_x = rnn(reshape(x, {1, units, width}),
                          {.initial = {nn::State{zero}}, .mode = nn::Mode::train, .key = random::key(5)});
  check_close(slice(select(of_x, 0, 0), 0, 0, width), full({width, units}, 3), 0);
}

TEST_CASE("Gradients of weights are masked and scaled as the weights") {
  const Rows cell(random::normal(seed, {width + units, units}));
  const nn::WeightDrop rnn(nn::Recurrent<Rows>({cell}), 0.5);
  const Tensor x = zeros({1, units, width});
  const Tensor seen = select(rnn(x, train), 0, 0);
  const std::vector<double> slopes = numbers(slice(grad(sum(rnn(x, train)), cell.weight), 0, width));
  const std::vector<double> masked = numbers(seen);
  for (std::size_t i = 0; i < slopes.size(); ++i) REQUIRE(slopes[i] == (masked[i] == 0 ? 0 : 2));
}

TEST_CASE("Cells say which weights are recurrent, and a choice takes their place") {
  const nn::LSTM lstm(2, width, units, seed);
  CHECK(dropped_in(lstm).size() == 8);
  CHECK(dropped_in(lstm)[0] == "0.forget.weight from 3");
  CHECK(dropped_in(lstm)[7] == "1.output.weight from 40");
  const nn::Recurrent<nn::FourGateCell> four(1, width, units, seed);
  CHECK(dropped_in(four).size() == 4);
  const nn::Recurrent<nn::Zoneout> around({nn::Zoneout(nn::LSTMCell(width, units, seed), 0.1)});
  CHECK(dropped_in(around)[0] == "0.inner.forget.weight from 3");

  const nn::WeightDrop chosen(lstm, 0.5, [](const NamedVariable& named) -> std::optional<Index> {
    return named.name == "1.input.bias" ? std::optional<Index>(10) : std::nullopt;
  });
  CHECK(chosen.recurrent_weights().size() == 1);
  const Tensor bias = lstm.cell(1).input.bias;
  lstm.cell(1).input.bias.assign(ones({units}));
  const Tensor slope = grad(sum(chosen(ones({1, 2, width}), train)), lstm.cell(1).input.bias);
  const std::vector<double> slopes = numbers(slope);
  CHECK(std::count(slopes.begin(), slopes.begin() + 10, 0) == 0);
  CHECK(std::count(slopes.begin() + 10, slopes.end(), 0) == Approx(15).margin(13));

  const nn::WeightDrop twice(nn::WeightDrop(lstm, 0.5), 0.5);
  const Tensor before = grad(sum(twice(ones({3, 2, width}), train)), lstm.cell(0).forget.weight);
  const std::vector<double> both = numbers(slice(before, 0, width));
  CHECK(std::count(both.begin(), both.end(), 0) == Approx(0.75 * units * units).margin(90));
}

TEST_CASE("Layers draw what they drop themselves, whatever the weights do") {
  const nn::LSTM two(2, width, units, seed, {.dropout = 0.5});
  const Tensor x = random::normal(seed, {2, 1, width});
  const nn::WeightDrop dropped(two, 0.5), none(two, 0);
  CHECK(numbers(none(x, train)) != numbers(two(x)));  // the dropout between the layers
  CHECK(numbers(dropped(x, train)) != numbers(none(x, train)));
  check_close(dropped(x), two(x), 0);
}
