// Losses and dropout at infinities, NaN and nearly certain classes.

#include <sluice/graph/arithmetic.h>
#include <sluice/nn/dropout.h>
#include <sluice/nn/loss.h>
#include <sluice/ops/random.h>

#include <cmath>

#include "support/catch.h"
#include "support/close.h"
#include "support/edges.h"

using namespace sluice;
using namespace sluice::test;

TEST_CASE("binary cross entropy is exact at infinite logits") {
  const auto loss = [](const Tensor& logits, const Tensor& targets) {
    return value_and_slope(
        [&](const Tensor& x) {
          return nn::binary_cross_entropy_with_logits(x, targets, {.reduction = nn::Reduction::none});
        },
        logits);
  };
  const ValueAndSlope right = loss(tensor({-inf, inf}), tensor({0.f, 1.f}));
  CHECK(right.value == Elements{0, 0});
  CHECK(right.slope == Elements{0, 0});
  const ValueAndSlope wrong = loss(tensor({-inf, inf}), tensor({1.f, 0.f}));
  CHECK(wrong.value == Elements{inf, inf});
  CHECK(wrong.slope == Elements{-1, 1});
  CHECK(loss(tensor({0.f}), tensor({0.5f})).value[0] == Approx(std::log(2.0)));
}

TEST_CASE("cross entropy of a nearly certain class is not zero") {
  const auto loss = [](const Tensor& x) { return nn::cross_entropy(x, tensor({0}, {1})); };
  CHECK(numbers(loss(tensor({20.f, 0.f}, {1, 2})))[0] == Approx(2.0611536e-9).epsilon(1e-6));
  CHECK(numbers(loss(tensor({60.f, 0.f, -1.f}, {1, 3})))[0] ==
        Approx(std::exp(-60.0) + std::exp(-61.0)).epsilon(1e-5));
}

TEST_CASE("cross entropy with a class that is impossible") {
  const auto loss = [](Index target) {
    return value_and_slope(
        [target](const Tensor& x) {
          return nn::cross_entropy(x, tensor({static_cast<std::int32_t>(target)}, {1}));
        },
        tensor({0.f, -inf, 0.f}, {1, 3}));
  };
  CHECK(loss(0).value[0] == Approx(std::log(2.0)));
  CHECK(loss(0).slope == Elements{-0.5, 0, 0.5});
  CHECK(loss(1).value[0] == inf);
  CHECK(loss(1).slope == Elements{0.5, -1, 0.5});
}

TEST_CASE("an ignored row takes no part, whatever it holds") {
  const Tensor classes = tensor({1, -1, -1});
  for (const double smoothing : {0.0, 0.1}) {
    const auto loss = [&](const Tensor& x) {
      return nn::cross_entropy(x, classes, {.label_smoothing = smoothing, .ignore_index = -1});
    };
    const ValueAndSlope got =
        value_and_slope(loss, tensor({1.f, 2.f, quiet_nan, quiet_nan, inf, -inf}, {3, 2}));
    const ValueAndSlope alone = value_and_slope(loss, tensor({1.f, 2.f, 0.f, 0.f, 0.f, 0.f}, {3, 2}));
    CHECK(got.value == alone.value);
    CHECK(got.slope == alone.slope);
    CHECK(Elements(got.slope.begin() + 2, got.slope.end()) == Elements{0, 0, 0, 0});
  }
}

TEST_CASE("dropout drops infinity to zero") {
  const nn::Dropout dropout(0.5);
  const Tensor x = full({64}, inf);
  const ValueAndSlope got =
      value_and_slope([&](const Tensor& t) { return dropout(t, nn::Mode::train, random::key(1)); }, x);
  std::size_t dropped = 0;
  for (std::size_t i = 0; i < 64; ++i) {
    CHECK((got.value[i] == 0 || got.value[i] == inf));
    CHECK(got.slope[i] == (got.value[i] == 0 ? 0 : 2));
    dropped += got.value[i] == 0 ? 1 : 0;
  }
  CHECK(dropped > 10);
  CHECK(dropped < 54);
}
