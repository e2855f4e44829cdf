#include <sluice/graph/arithmetic.h>
#include <sluice/nn/variational.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/mean.h>
#include <sluice/ops/random.h>
#include <sluice/ops/select.h>
#include <sluice/ops/slice.h>

#include "support/catch.h"
#include "support/close.h"

#include <algorithm>

using namespace sluice;
using namespace sluice::test;

namespace {

constexpr Index batch = 20, units = 50, steps = 4;

// Shows what it reads: its input, and both parts of a state that is always 1.
struct Shows : nn::Cell {
  Shows() : Cell(units, {units, units, units, units}) {}
  nn::State step(const Tensor& x, const nn::State& s) const override {
    const Tensor one = ones(x.shape(), x.dtype());
    return {one, one, concat({slice(x, 1, 0, 10), slice(s.parts[0], 1, 10)}, 1), s.parts[1]};
  }
  nn::State start(Index rows, DType dtype) const override {
    const Tensor one = ones({rows, units}, dtype);
    return {one, one, one, one};
  }
  void members(const nn::Members&) const override {}
};

const nn::RecurrentCall train{.mode = nn::Mode::train, .key = random::key(5)};

double share_of(const std::vector<double>& all, double value) {
  return static_cast<double>(std::count(all.begin(), all.end(), value)) / static_cast<double>(all.size());
}

}  // namespace

TEST_CASE("Variational dropout drops whole channels of sequences, the share that it was told") {
  const nn::VariationalDropout dropout(0.25);
  const Tensor y = dropout(full({steps, batch, units}, 3), train);
  const std::vector<double> first = numbers(select(y, 0, 0));
  for (Index t = 1; t < steps; ++t) CHECK(numbers(select(y, 0, t)) == first);
  // 1,000 draws: the share has a standard deviation of 0.0137; what is left is scaled so that 3 stays the
  // mean.
  CHECK(share_of(first, 0) == Approx(0.25).margin(0.07));
  CHECK(share_of(first, 0) + share_of(first, 4) == 1);
  CHECK(numbers(select(y, 1, 0)) != numbers(select(y, 1, 1)));  // each sequence has a mask of its own
  const Tensor x = zeros({steps, batch, units});
  CHECK(dropout(x).is(x));
  CHECK(nn::VariationalDropout(0)(x, {.mode = nn::Mode::train}).is(x));
  CHECK(dropout.initial(2).empty());
}

TEST_CASE("A variational cell reads x and its state through masks that stay") {
  const auto seen = [](const nn::VariationalOptions& options, Index length) {
    const nn::Recurrent<nn::VariationalCell> rnn({{Shows(), options}});
    return rnn(ones({length, batch, units}), train).state[0].parts;
  };
  const nn::VariationalOptions options{.input = 0.5, .state = {0.75, 0.2, 0, 0}};
  const Tensors one = seen(options, 1), four = seen(options, 4);
  check_close(four[2], one[2], 0);
  check_close(four[3], one[3], 0);
  const std::vector<double> x = numbers(slice(one[2], 1, 0, 10)), h = numbers(slice(one[2], 1, 10));
  const std::vector<double> c = numbers(one[3]);
  // 200, 800 and 1,000 draws: standard deviations of 0.035, 0.015 and 0.013.
  CHECK(share_of(x, 0) == Approx(0.5).margin(0.15));
  CHECK(share_of(x, 0) + share_of(x, 2) == 1);
  CHECK(share_of(h, 0) == Approx(0.75).margin(0.07));
  CHECK(share_of(h, 0) + share_of(h, 4) == 1);
  CHECK(share_of(c, 0) == Approx(0.2).margin(0.06));
  CHECK(share_of(c, 0) + share_of(c, 1.25) == 1);

  // `output` is the rate of the first part alone, and each layer draws masks of its own.
  check_close(seen({.output = 0.75}, 1)[3], ones({batch, units}), 0);
  CHECK(share_of(numbers(slice(seen({.output = 0.75}, 1)[2], 1, 10)), 0) == Approx(0.75).margin(0.07));
  struct Last : nn::Cell {  // shows what it reads
    Last() : Cell(units, {units}) {}
    nn::State step(const Tensor& x, const nn::State&) const override { return {x}; }
    void members(const nn::Members&) const override {}
  };
  const nn::VariationalCell half(Last(), {.input = 0.5});
  const Tensor both = nn::Recurrent<nn::VariationalCell>({half, half})(ones({1, batch, units}), train);
  CHECK(share_of(numbers(both), 4) == Approx(0.25).margin(0.07));
}

TEST_CASE("A key in a step of a cell is no key of the sequence") {
  const nn::VariationalCell cell(Shows(), {.input = 0.5});
  const nn::State s = cell.initial(1);
  const Tensor key = random::key(1), x = ones({1, units});
  CHECK_THROWS_WITH(cell(x, s, {.mode = nn::Mode::train, .key = key}),
                    contains("in variational_cell: training at rate 0.5 takes a random key: got none"));
  const nn::State next = cell(x, s, {.mode = nn::Mode::train, .sequence_key = key});
  CHECK(share_of(numbers(slice(next.parts[2], 1, 0, 10)), 2) > 0);
}
