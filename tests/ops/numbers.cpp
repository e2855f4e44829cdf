// Numbers that an op is given beside tensors, and that make no sense there: refused where they are written,
// or, where only a run can tell, when it runs.

#include "support/catch.h"

#include <sluice/check/gradcheck.h>
#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/ops/elu.h>
#include <sluice/ops/layer_norm.h>
#include <sluice/ops/leaky_relu.h>
#include <sluice/ops/one_hot.h>
#include <sluice/ops/pad.h>
#include <sluice/ops/pow.h>
#include <sluice/ops/random.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/split.h>

#include <cmath>
#include <limits>

using namespace sluice;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
const double quiet_nan = std::numeric_limits<double>::quiet_NaN();

const Tensor whole = tensor({1, 2});
const Tensor real = tensor({1.f, 2.f});

}  // namespace

TEST_CASE("pad puts numbers of the tensor's dtype around it") {
  CHECK_THROWS_WITH(pad(whole, {{1, 0}}, 0.5),
                    contains("[pad] the value around an i32 tensor must be a 32-bit integer: got 0.5") &&
                        contains("numbers.cpp:"));
  CHECK_THROWS_WITH(pad(whole, {{1, 0}}, 1e10), contains("10000000000"));
  CHECK_THROWS_WITH(pad(full({2}, 1, DType::boolean), {{1, 0}}, 2), contains("must be 0 or 1: got 2"));
  CHECK_THROWS_WITH(pad(real, {{1, 0}}, 1e300), contains("1e+300"));
  CHECK(evaluate(pad(whole, {{1, 0}}, -3)).to_vector<std::int32_t>() == std::vector<std::int32_t>{-3, 1, 2});
  CHECK(std::isinf(evaluate(pad(real, {{1, 0}}, infinity)).to_vector()[0]));
}

TEST_CASE("slopes and small numbers of ops are numbers of the tensor's dtype") {
  CHECK_THROWS_WITH(leaky_relu(real, 1e39), contains("[leaky_relu] the slope of an f32 tensor"));
  CHECK_THROWS_WITH(elu(real, -1e39), contains("[elu] the alpha of an f32 tensor"));
  CHECK_THROWS_WITH(pow(real, 1e39), contains("[pow] the exponent of an f32 tensor"));
  CHECK_NOTHROW(pow(tensor({1.0, 2.0}), 1e39));
  CHECK_THROWS_WITH(layer_norm(real, infinity), contains("[layer_norm] epsilon"));
  CHECK_THROWS_WITH(layer_norm(real, quiet_nan), contains("[layer_norm] epsilon"));
  const auto twice = [](const Tensors& x) { return Tensors{x[0] * 2}; };
  for (const double eps : {0.0, -1e-6, quiet_nan, infinity})
    CHECK_THROWS_WITH(gradcheck(twice, {tensor({1.0})}, {.eps = eps}), contains("[gradcheck] eps"));
}

TEST_CASE("bounds of random numbers are numbers of their dtype") {
  const Tensor key = random::key(1);
  CHECK_THROWS_WITH(random::uniform(key, {3}, 1e39, 2e39),
                    contains("[random::uniform] low of an f32 tensor"));
  CHECK_THROWS_WITH(random::uniform(key, {3}, 0, 2e39), contains("[random::uniform] high of an f32 tensor"));
  CHECK_THROWS_WITH(random::normal(key, {3}, 1e39), contains("[random::normal] the mean of"));
  CHECK_THROWS_WITH(random::normal(key, {3}, 0, 1e39), contains("[random::normal] the stddev of"));
  CHECK_THROWS_WITH(random::split(key, 0), contains("count must be from 1 to 1048576: got 0"));
  CHECK_THROWS_AS(random::split(key, std::numeric_limits<int>::max()), Error);
  CHECK_THROWS_WITH(random::fold_in(key, 0.5), contains("must be a 32-bit integer: got 0.5"));
  CHECK_THROWS_WITH(random::fold_in(key, 1e10), contains("10000000000"));
  CHECK_NOTHROW(random::uniform(key, {3}, 1e39, 2e39, DType::float64));
  // There is no f32 in [0, 1e-50) but the end that is left out, nor in [1, 1 + 1e-12).
  CHECK_THROWS_WITH(random::uniform(key, {3}, 0, 1e-50),
                    contains("low must be below high as f32: got 0 and 1e-50, which are both 0; use f64") &&
                        contains("numbers.cpp:"));
  CHECK_THROWS_AS(random::uniform(key, {3}, 1, 1 + 1e-12), Error);
  CHECK(evaluate(random::uniform(key, {1}, 0, 1e-45)).item() == 0);
}

TEST_CASE("uniform numbers fill a range that is wider than the largest number") {
  const auto in_range = [](const auto& values, double largest) {
    double least = infinity;
    double most = -infinity;
    for (const double value : values) {
      CHECK(std::abs(value) <= largest);
      least = std::min(least, value);
      most = std::max(most, value);
    }
    CHECK(least < -0.9 * largest);
    CHECK(most > 0.9 * largest);
  };
  const Tensor key = random::key(5);
  in_range(evaluate(random::uniform(key, {1000}, -3e38, 3e38)).to_vector(), 3e38);
  const Tensor wide = random::uniform(key, {1000}, -1.7e308, 1.7e308, DType::float64);
  in_range(evaluate(wide).to_vector<double>(), 1.7e308);
}

TEST_CASE("a probability that is none is refused when it is computed") {
  const Tensor key = random::key(2);
  for (const double p : {1.5, -0.1, quiet_nan, infinity}) {
    CAPTURE(p);
    CHECK_THROWS_WITH(random::bernoulli(key, p, {2}),
                      contains("a probability must lie in [0, 1]: got ") && contains("numbers.cpp:"));
    const Tensor ps = tensor({0.5f, static_cast<float>(p)});
    CHECK_THROWS_WITH(
        evaluate(random::bernoulli(key, ps, {2})),
        contains("[random::bernoulli] a probability must lie in [0, 1]: got ") && contains("numbers.cpp:"));
    const auto draw = compile([&](const Tensor& x) { return random::bernoulli(key, x, {2}); });
    CHECK_THROWS_WITH(draw(ps), contains("a probability must lie in [0, 1]"));
    CHECK_NOTHROW(draw(tensor({0.f, 1.f})));
  }
  const Tensor ends = evaluate(random::bernoulli(key, tensor({0.f, 1.f}), {2}));
  CHECK(ends.to_vector<bool>() == std::vector<bool>{false, true});
}

TEST_CASE("counts and lengths that are none are refused") {
  constexpr Index huge = std::numeric_limits<Index>::max();
  CHECK(evaluate(slice(real, 0, 0, Range::to_end, huge)).to_vector() == std::vector<float>{1});
  CHECK(slice(real, 0, 2, Range::to_end, huge).shape() == Shape{0});
  CHECK_THROWS_WITH(split(real, {huge, huge}, 0), contains("[split] the sizes must add up"));
  CHECK_THROWS_WITH(pad(real, {{huge, huge}}), contains("[pad] a padding is at most 2^48"));
  CHECK_THROWS_WITH(pad(real, {{Index{1} << 47, Index{1} << 47}}), contains("at most 2^48 elements"));
  CHECK_THROWS_WITH(one_hot(whole, huge), contains("at most 2^48 elements"));
  CHECK_THROWS_WITH(one_hot(whole, -1), contains("[one_hot] the depth cannot be negative: got -1"));
  CHECK_THROWS_WITH(evaluate(one_hot(whole, 2)), contains("ids must lie in 0..1: got 2"));
  const auto step = [](const Tensors& c, const Tensors&) { return Carried{c, {}}; };
  CHECK_THROWS_WITH(scan(step, {real}, {real}, {.length = -7}), contains("[scan]") && contains("got -7"));
}
