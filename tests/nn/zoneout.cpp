#include <sluice/graph/arithmetic.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/zoneout.h>
#include <sluice/ops/mean.h>
#include <sluice/ops/random.h>

#include "support/catch.h"
#include "support/close.h"

#include <algorithm>
#include <cmath>

using namespace sluice;
using namespace sluice::test;

namespace {

constexpr Index batch = 20, units = 50;

// Counts its steps in all parts, so that what a unit kept is known: after step t each has t + 1.
struct Counts : nn::Cell {
  Counts() : Cell(1, {units, units}) {}
  nn::State step(const Tensor&, const nn::State& s) const override {
    return {s.parts[0] + 1, s.parts[1] + 1};
  }
  void members(const nn::Members&) const override {}
};

double share_of_zeros(const Tensor& x) {
  const std::vector<double> all = numbers(x);
  return static_cast<double>(std::count(all.begin(), all.end(), 0)) / static_cast<double>(all.size());
}

}  // namespace

TEST_CASE("Zoneout keeps the share of units it was told, of each part, and each step draws anew") {
  const nn::Recurrent<nn::Zoneout> rnn({nn::Zoneout(Counts(), {0.3, 0.6})});
  const auto run = [&](Index steps) {
    return rnn(zeros({steps, batch, 1}), {.mode = nn::Mode::train, .key = random::key(3)}).state[0];
  };
  // 1,000 draws of each part: the shares have standard deviations of 0.0145 and 0.0155.
  CHECK(share_of_zeros(run(1).parts[0]) == Approx(0.3).margin(0.07));
  CHECK(share_of_zeros(run(1).parts[1]) == Approx(0.6).margin(0.07));
  // In two independent draws, and with units of their own in the second part.
  CHECK(share_of_zeros(run(2).parts[0]) == Approx(0.09).margin(0.05));
  CHECK(share_of_zeros(run(2).parts[1]) == Approx(0.36).margin(0.07));
  CHECK(share_of_zeros(run(1).parts[0] + run(1).parts[1]) == Approx(0.18).margin(0.06));
  // A count grows by 1 - p in each step on average.
  CHECK(evaluate(mean(run(40).parts[0])).item() == Approx(40 * 0.7).margin(0.5));
  CHECK(evaluate(mean(run(40).parts[1])).item() == Approx(40 * 0.4).margin(0.5));
}

TEST_CASE("Zoneout takes the expectation in evaluation") {
  const nn::LSTMCell cell(2, 3, random::key(1));
  const nn::Zoneout zoneout(cell, {0.25, 0.5});
  const Tensor x = random::normal(random::key(2), {4, 2});
  const nn::State s{random::normal(random::key(3), {4, 3}), random::normal(random::key(4), {4, 3})};
  const nn::State next = cell(x, s), mixed = zoneout(x, s);
  check_close(mixed.parts[0], 0.25 * s.parts[0] + 0.75 * next.parts[0], 1e-6);
  check_close(mixed.parts[1], 0.5 * s.parts[1] + 0.5 * next.parts[1], 1e-6);
  const nn::StepContext train{.mode = nn::Mode::train, .key = random::key(5)};
  check_close(nn::Zoneout(cell, 1)(x, s, train).parts[1], s.parts[1], 0);
  check_close(nn::Zoneout(cell, 0)(x, s, {.mode = nn::Mode::train}).parts[1], next.parts[1], 0);
}

TEST_CASE("What zoneout keeps is not touched by what the cell makes") {
  struct Infinite : nn::Cell {
    Infinite() : Cell(1, {units}) {}
    nn::State step(const Tensor&, const nn::State& s) const override { return {s.output() / 0}; }
    void members(const nn::Members&) const override {}
  };
  const nn::State next = nn::Zoneout(Infinite(), 0.5)(zeros({1, 1}), {ones({1, units})},
                                                      {.mode = nn::Mode::train, .key = random::key(1)});
  const std::vector<double> all = numbers(next.output());
  const auto kept = std::count(all.begin(), all.end(), 1),
             taken = std::count(all.begin(), all.end(), INFINITY);
  CHECK(kept == Approx(25).margin(18));
  CHECK(kept + taken == units);
}
