#include <sluice/graph/grad.h>
#include <sluice/nn/dropout.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/sequential.h>
#include <sluice/ops/random.h>
#include <sluice/ops/sum.h>

#include "support/catch.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

TEST_CASE("Dropout drops the share it was told and scales the rest") {
  const nn::Dropout dropout(0.25);
  for (const DType dtype : {DType::float32, DType::float64}) {
    const std::vector<double> y =
        numbers(dropout(full({100, 100}, 3, dtype), nn::Mode::train, random::key(1)));
    int dropped = 0;
    for (const double value : y) {
      if (value == 0) {
        ++dropped;
      } else {
        REQUIRE(value == Approx(4).epsilon(1e-6));
      }
    }
    // 10,000 draws: the share has a standard deviation of 0.0043.
    CHECK(dropped == Approx(2500).margin(5 * 43.3));
  }
}

TEST_CASE("The same key drops the same values, another key others") {
  const nn::Dropout dropout(0.5);
  const Tensor x = ones({64});
  const auto drop = [&](int seed) { return numbers(dropout(x, nn::Mode::train, random::key(seed))); };
  CHECK(drop(1) == drop(1));
  CHECK(drop(1) != drop(2));
}

TEST_CASE("The gradient goes where the values went") {
  const nn::Dropout dropout(0.5);
  const Variable x(ones({32}));
  const Tensor y = dropout(x, nn::Mode::train, random::key(3));
  check_close(grad(sum(y), x), numbers(y), 0);
}

TEST_CASE("Dropout does nothing in evaluation, nor at rate 0, and needs no key there") {
  const Tensor x = ones({4});
  CHECK(nn::Dropout(0.5)(x, nn::Mode::evaluate, Tensor()).is(x));
  CHECK(nn::Dropout(0)(x, nn::Mode::train, Tensor()).is(x));
}

TEST_CASE("Dropout asks for a key and a rate it can use") {
  CHECK_THROWS_WITH(
      nn::Dropout(0.5)(ones({4}), nn::Mode::train, Tensor()),
      contains("[dropout] training at rate 0.5 takes a random key: got none; pass one, new for every step"));
  CHECK_THROWS_WITH(nn::Dropout(1), contains("[dropout] a rate is in [0, 1): got 1"));
  CHECK_THROWS_AS(nn::Dropout(-0.1), Error);
  CHECK_THROWS_AS(nn::Dropout(std::nan("")), Error);
}

TEST_CASE("Sequential gives each of its dropouts a key of its own") {
  const nn::Sequential twice(nn::Dropout(0.5), nn::Dropout(0.5));
  const Tensor x = ones({1000});
  CHECK(twice(x).is(x));
  int kept = 0;
  for (const double value : numbers(twice(x, nn::Mode::train, random::key(1)))) kept += value != 0;
  CHECK(kept == Approx(250).margin(70));  // with one key for both, 500 would be kept
  CHECK_THROWS_WITH(twice(x, nn::Mode::train, Tensor()),
                    contains("[sequential] in dropout: training at rate 0.5"));
}
