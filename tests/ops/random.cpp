// Random numbers: published vectors, the same bits always and everywhere, and the distributions they promise.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/philox.h>
#include <sluice/ops/random.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "support/catch.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Words = std::array<std::uint32_t, 4>;

std::vector<double> numbers(const Tensor& x) {
  const Tensor values = evaluate(x);
  std::vector<double> result;
  for (Index i = 0; i < values.size(); ++i) result.push_back(values.value().element(i));
  return result;
}

double mean_power(const std::vector<double>& x, int power) {
  double sum = 0;
  for (const double value : x) sum += std::pow(value, power);
  return sum / static_cast<double>(x.size());
}

/// The largest distance between the distribution of the sample and `cdf`, times sqrt(n): above 1.95 once in
/// 1000 times.
double kolmogorov_smirnov(std::vector<double> x, double (*cdf)(double)) {
  std::sort(x.begin(), x.end());
  const double n = static_cast<double>(x.size());
  double distance = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double p = cdf(x[i]);
    distance = std::max({distance, p - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - p});
  }
  return distance * std::sqrt(n);
}

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

double correlation(const std::vector<double>& x, const std::vector<double>& y) {
  const double mx = mean_power(x, 1);
  const double my = mean_power(y, 1);
  double xy = 0;
  double xx = 0;
  double yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mx) * (y[i] - my);
    xx += (x[i] - mx) * (x[i] - mx);
    yy += (y[i] - my) * (y[i] - my);
  }
  return xy / std::sqrt(xx * yy);
}

constexpr double inf = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("philox gives the published words") {
  // kat_vectors of Random123, philox4x32 with 10 rounds.
  CHECK(random::philox({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr std::uint32_t f = 0xffffffff;
  CHECK(random::philox({f, f, f, f}, {f, f}) == Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(random::philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("uniform numbers are the leading bits of the words") {
  const std::vector<float> expected = {0x6627e8p-24f, 0xe169c5p-24f, 0xbc57acp-24f, 0x9b00dbp-24f};
  CHECK(evaluate(random::uniform(random::key(0), {4})).to_vector() == expected);
  const auto doubles =
      evaluate(random::uniform(random::key(0), {1}, 0, 1, DType::float64)).to_vector<double>();
  CHECK(doubles[0] == static_cast<double>(0x6627e8d5e169c58d >> 11) * 0x1p-53);
}

TEST_CASE("a key holds both halves of its seed") {
  CHECK(random::key(0x123456789).to_vector<std::int32_t>() == std::vector<std::int32_t>{0x23456789, 1});
  CHECK(numbers(random::uniform(random::key(1), {3})) !=
        numbers(random::uniform(random::key(1ULL << 32), {3})));
}

TEST_CASE("an element depends on the key and its index, not on shape or threads") {
  const Tensor key = random::key(7);
  const auto check = [&](const std::function<Tensor(const Shape&)>& draw) {
    kernels::set_threads(1);
    const auto one = numbers(draw({40001}));
    kernels::set_threads(3);
    CHECK(numbers(draw({40001})) == one);
    kernels::set_threads(0);
    CHECK(numbers(draw({3, 5})) == std::vector<double>(one.begin(), one.begin() + 15));
    CHECK(numbers(draw({})) == std::vector<double>(one.begin(), one.begin() + 1));
    CHECK(numbers(draw({0, 4})).empty());
  };
  check([&](const Shape& shape) { return random::uniform(key, shape); });
  check([&](const Shape& shape) { return random::uniform(key, shape, -1, 1, DType::float64); });
  check([&](const Shape& shape) { return random::normal(key, shape); });
  check([&](const Shape& shape) { return random::normal(key, shape, 1, 2, DType::float64); });
  check([&](const Shape& shape) { return random::bernoulli(key, 0.3, shape); });
  check([&](const Shape& shape) {
    Shape logits = shape.inserted(shape.rank(), 3);
    return random::categorical(key, zeros(logits));
  });
}

TEST_CASE("uniform fills its interval evenly") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    const auto x = numbers(random::uniform(random::key(11), {200000}, 0, 1, dtype));
    CHECK(*std::min_element(x.begin(), x.end()) >= 0);
    CHECK(*std::max_element(x.begin(), x.end()) < 1);
    CHECK(mean_power(x, 1) == Approx(0.5).margin(0.003));
    CHECK(mean_power(x, 2) == Approx(1.0 / 3).margin(0.003));
    CHECK(kolmogorov_smirnov(x, [](double value) { return value; }) < 1.95);
  }
  const auto wide = numbers(random::uniform(random::key(11), {10000}, -3, 5));
  CHECK(mean_power(wide, 1) == Approx(1).margin(0.1));
  CHECK(*std::min_element(wide.begin(), wide.end()) < -2.9);
  CHECK(*std::max_element(wide.begin(), wide.end()) > 4.9);
}

TEST_CASE("uniform never reaches its upper end, even where rounding would") {
  const auto x = numbers(random::uniform(random::key(3), {10000}, 1, 1 + 0x1p-22));
  CHECK(*std::max_element(x.begin(), x.end()) < 1 + 0x1p-22);
  CHECK(*std::min_element(x.begin(), x.end()) == 1);
}

TEST_CASE("normal has the moments and the distribution of its name") {
  const auto x = numbers(random::normal(random::key(5), {200000}));
  CHECK(mean_power(x, 1) == Approx(0).margin(0.01));
  CHECK(mean_power(x, 2) == Approx(1).margin(0.015));
  CHECK(mean_power(x, 3) == Approx(0).margin(0.04));
  CHECK(mean_power(x, 4) == Approx(3).margin(0.12));
  CHECK(kolmogorov_smirnov(x, normal_cdf) < 1.95);

  std::vector<double> even;
  std::vector<double> odd;
  for (std::size_t i = 0; i < x.size(); i += 2) {
    even.push_back(x[i]);
    odd.push_back(x[i + 1]);
  }
  CHECK(std::abs(correlation(even, odd)) < 0.01);

  const auto y = numbers(random::normal(random::key(5), {200000}, -2, 0.5, DType::float64));
  CHECK(y[17] == Approx(-2 + 0.5 * x[17]).epsilon(1e-6));
  CHECK(numbers(random::normal(random::key(5), {3}, 4, 0)) == std::vector<double>{4, 4, 4});
}

TEST_CASE("bernoulli is true as often as asked") {
  for (const double p : {0.0, 0.1, 0.5, 1.0}) {
    const Tensor drawn = random::bernoulli(random::key(13), p, {100000});
    CHECK(drawn.dtype() == DType::boolean);
    CHECK(mean_power(numbers(drawn), 1) == Approx(p).margin(p == 0 || p == 1 ? 0 : 0.005));
  }
  const auto rows = numbers(random::bernoulli(random::key(13), tensor({0.f, 1.f}), {1000, 2}));
  for (std::size_t i = 0; i < rows.size(); ++i) REQUIRE(rows[i] == static_cast<double>(i % 2));
}

TEST_CASE("categorical draws with the probabilities of softmax") {
  const std::vector<double> logits = {0, std::log(2.0), -inf, std::log(4.0), std::log(1.0)};
  const std::vector<double> p = {1. / 8, 2. / 8, 0, 4. / 8, 1. / 8};
  const Index n = 80000;
  const Tensor rows = evaluate(tensor(logits, {5}) + 1000 + zeros({n, 5}, DType::float64));
  std::vector<double> count(5);
  for (const double i : numbers(random::categorical(random::key(17), rows)))
    ++count[static_cast<std::size_t>(i)];
  CHECK(count[2] == 0);
  double chi_square = 0;
  for (std::size_t i : {0, 1, 3, 4}) {
    const double expected = p[i] * static_cast<double>(n);
    chi_square += (count[i] - expected) * (count[i] - expected) / expected;
  }
  CHECK(chi_square < 16.3);  // three degrees of freedom: exceeded once in 1000 times
}

TEST_CASE("categorical draws along any axis") {
  // Only one choice is possible in each column: its index is the answer.
  const float no = -std::numeric_limits<float>::infinity();
  const Tensor logits = tensor({no, 5.f, no,  //
                                2.f, no, no,  //
                                no, no, -7.f},
                               {3, 3});
  const Tensor key = random::key(1);
  CHECK(evaluate(random::categorical(key, logits, 0)).to_vector<std::int32_t>() ==
        std::vector<std::int32_t>{1, 0, 2});
  CHECK(evaluate(random::categorical(key, logits, 1)).to_vector<std::int32_t>() ==
        std::vector<std::int32_t>{1, 0, 2});
  CHECK(random::categorical(key, zeros({2, 3, 4}), -2).shape() == Shape{2, 4});
  CHECK(random::categorical(key, zeros({3})).shape() == Shape{});
  CHECK(evaluate(random::categorical(key, zeros({0, 3}))).size() == 0);
}

TEST_CASE("keys that are split or folded are new and independent") {
  const Tensor key = random::key(0);
  Tensors keys = random::split(key, 50);
  for (int i = 0; i < 50; ++i) keys.push_back(random::fold_in(key, i));
  keys.push_back(key);
  std::set<std::vector<std::int32_t>> different;
  for (const Tensor& k : evaluate(keys)) different.insert(k.to_vector<std::int32_t>());
  CHECK(different.size() == 101);

  const auto parent = numbers(random::uniform(key, {20000}));
  const auto left = numbers(random::uniform(keys[0], {20000}));
  const auto right = numbers(random::uniform(keys[1], {20000}));
  const auto folded = numbers(random::uniform(random::fold_in(key, 1), {20000}));
  for (const auto& pair : {std::pair(parent, left), std::pair(left, right), std::pair(right, folded)}) {
    CHECK(std::abs(correlation(pair.first, pair.second)) < 0.03);
  }
}

TEST_CASE("a key may be a Variable, and a folded number a tensor") {
  const Variable key(random::key(3));
  const Variable step(tensor({5}, {}));
  const Tensor folded = random::fold_in(key, step);
  CHECK(numbers(folded) == numbers(random::fold_in(random::key(3), 5)));
  const Tensor drawn = random::uniform(key, {4});
  const auto before = numbers(drawn);
  key.assign(random::split(key)[0]);
  CHECK(numbers(drawn) == before);  // drawn from the key that was read
  CHECK(numbers(random::uniform(key, {4})) ==
        numbers(random::uniform(random::split(random::key(3))[0], {4})));
}

TEST_CASE("random ops print their attributes, run compiled and have no gradient") {
  const Tensor key = random::key(9);
  const CheckOptions plain{.gradient = false};
  check_op(
      "random::uniform",
      [&](const Tensors&) {
        return random::uniform(key, {2, 3}, -1, 1);
      },
      {{{}}}, plain);
  check_op(
      "random::normal", [&](const Tensors&) { return random::normal(key, {7}); }, {{{}}}, plain);
  check_op(
      "random::categorical", [&](const Tensors& x) { return random::categorical(key, x[0]); },
      {{{2, 3}}, {{5}}}, plain);
  check_op(
      "random::split", [&](const Tensors&) { return random::split(key, 3); }, {{{}}}, plain);
  check_op(
      "random::fold_in", [&](const Tensors&) { return random::fold_in(key, 4); }, {{{}}}, plain);
  CHECK(random::uniform(key, {2}, 0, 0.5).op().attributes() == "f32[2], low=0, high=0.5");
  CHECK(random::normal(key, {2}).op().attributes() == "f32[2], mean=0, stddev=1");
  CHECK(random::categorical(key, zeros({2})).op().attributes() == "axis=-1");
}

TEST_CASE("random ops refuse what is no key") {
  using Call = std::function<Tensor(const Tensors&)>;
  const auto refuse = [](const std::string& name, const Call& call) {
    check_error(call, {i32({3})},
                "[random::" + name + "] a key must be i32[2]: got i32[3]; make one with random::key");
    check_error(call, {f32({2})}, "[random::" + name + "] a key must be i32[2]: got f32[2]");
  };
  refuse("uniform", [](const Tensors& x) { return random::uniform(x[0], {2}); });
  refuse("normal", [](const Tensors& x) { return random::normal(x[0], {2}); });
  refuse("categorical", [](const Tensors& x) { return random::categorical(x[0], zeros({2})); });
  refuse("split", [](const Tensors& x) { return random::split(x[0])[0]; });
  refuse("fold_in", [](const Tensors& x) { return random::fold_in(x[0], tensor({1}, {})); });
}

TEST_CASE("bernoulli takes probabilities that are tensors") {
  const auto draw = [](const Tensors& x) {
    return random::bernoulli(random::key(5), cast(x[0], DType::float32), x[0].shape());
  };
  check_op("random::probability", draw, unary_samples(), {.low = 0, .high = 1, .gradient = false});
}

TEST_CASE("random ops refuse parameters that make no distribution") {
  const auto uniform = [](double low, double high) {
    return [=](const Tensors& x) { return random::uniform(x[0], {2}, low, high); };
  };
  const Specs key = {i32({2})};
  check_error(uniform(1, 1), key,
              "[random::uniform] low must be below high, both finite: got low 1 and high 1");
  check_error(uniform(0, inf), key, "got low 0 and high inf");
  check_error([](const Tensors& x) { return random::uniform(x[0], {2}, 0, 1, DType::int32); }, key,
              "[random::uniform] the dtype must be f32 or f64: got i32");
  check_error([](const Tensors& x) { return random::normal(x[0], {2}, 0, -1); }, key,
              "got mean 0 and stddev -1");
  check_error([](const Tensors& x) { return random::normal(x[0], {2}, 0, 1, DType::boolean); }, key,
              "[random::normal] the dtype must be f32 or f64: got bool");
  check_error([](const Tensors& x) { return random::bernoulli(x[0], 1.5, {2}); }, key,
              "[random::bernoulli] a probability must lie in [0, 1]: got 1.5");
  check_error(
      [](const Tensors& x) {
        return random::bernoulli(x[0], zeros({2, 2}), {2});
      },
      key, "[random::bernoulli] p must broadcast to the shape: got p f32[2, 2] and shape [2]");
  check_error([](const Tensors& x) { return random::bernoulli(x[0], zeros({3}), {2}); }, key,
              "[random::bernoulli] shapes must be equal or 1");
  check_error([](const Tensors& x) { return random::split(x[0], 0); }, key,
              "[random::split] count must be from 1 to 1048576: got 0");
  check_error(
      [](const Tensors& x) {
        return random::fold_in(x[0], tensor({1, 2}));
      },
      key, "[random::fold_in] the number must be an integer or an i32 scalar: got i32[2]");
  check_error([](const Tensors& x) { return random::fold_in(x[0], 0.5); }, key,
              "must be a 32-bit integer: got 0.5");
  check_error(
      [](const Tensors& x) {
        return random::categorical(x[0], tensor({1, 2}));
      },
      key, "[random::categorical] the logits must be f32 or f64: got i32[2]");
  check_error(
      [](const Tensors& x) {
        return random::categorical(x[0], zeros({2, 0}));
      },
      key, "there must be something to draw");
  check_error([](const Tensors& x) { return random::categorical(x[0], zeros({2}), 1); }, key,
              "[random::categorical] axis must lie in -1..0");
  check_error(
      [](const Tensors& x) {
        return random::categorical(x[0], tensor({NAN, 1.f}));
      },
      key, "got NaN or infinity");
  check_error(
      [](const Tensors& x) {
        return random::categorical(x[0], tensor({-inf, -inf}));
      },
      key, "got minus infinity only");
}
