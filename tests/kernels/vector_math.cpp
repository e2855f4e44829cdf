#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <sluice/kernels/vector_math.h>
#include <sluice/kernels/vector_table.h>

#include "support/catch.h"
#include "support/environment.h"

namespace kernels = sluice::kernels;
using kernels::detail::Isa;
using kernels::detail::Kernels;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();

struct Function {
  const char* name;
  kernels::detail::Map Kernels::*map;
  double (*truth)(double);  // errs by some 1e-16, 1e-8 ulp of a float
};

const Function functions[] = {
    {"exp", &Kernels::exp, [](double x) { return std::exp(x); }},
    {"expm1", &Kernels::expm1, [](double x) { return std::expm1(x); }},
    {"log", &Kernels::log, [](double x) { return std::log(x); }},
    {"log1p", &Kernels::log1p, [](double x) { return std::log1p(x); }},
    {"tanh", &Kernels::tanh, [](double x) { return std::tanh(x); }},
    {"sigmoid", &Kernels::sigmoid,
     [](double x) { return (x < 0 ? std::exp(x) : 1.0) / (1.0 + std::exp(-std::abs(x))); }},
    {"softplus", &Kernels::softplus,
     [](double x) { return (x > 0 ? x : 0.0) + std::log1p(std::exp(-std::abs(x))); }},
    {"sin", &Kernels::sin, [](double x) { return std::sin(x); }},
    {"cos", &Kernels::cos, [](double x) { return std::cos(x); }},
    {"erf", &Kernels::erf, [](double x) { return std::erf(x); }},
};

/// The instruction sets this machine has; the table of each is there once.
std::vector<const Kernels*> all_kernels() {
  std::vector<const Kernels*> all;
  for (const Isa isa : {Isa::baseline, Isa::avx2, Isa::avx512}) {
    const Kernels* table = &kernels::detail::kernels_for(isa);
    if (all.empty() || all.back() != table) all.push_back(table);
  }
  return all;
}

/// How far `got` is from the true value, in units in the last place of a float of its size. Infinity where
/// one is NaN or infinite and the other is not, or where the sign of a zero or of an infinity differs.
double ulp_error(float got, double truth) {
  constexpr double different = std::numeric_limits<double>::infinity();
  const auto rounded = static_cast<float>(truth);
  if (std::isnan(truth) || std::isnan(got)) return std::isnan(truth) && std::isnan(got) ? 0 : different;
  if (std::isinf(rounded) || std::isinf(got) || (rounded == 0 && got == 0))
    return rounded == got && std::signbit(rounded) == std::signbit(got) ? 0 : different;
  int exponent = 0;
  std::frexp(truth, &exponent);
  return std::abs(got - truth) / std::ldexp(1.0, std::max(exponent - 24, -149));
}

/// Of all 2^32 floats every 4093rd, or every so many-th as SLUICE_FLOAT_STRIDE says: 1 for all of them.
std::uint64_t stride() { return sluice::test::from_environment("SLUICE_FLOAT_STRIDE", 4093, 1); }

/// The places where something changes, and their neighbours.
std::vector<float> edges() {
  std::vector<float> all;
  for (const float edge : {0.0f,          1e-45f,      1.17549435e-38f,
                           1e-8f,         0.34657359f, 0.5f,
                           0.70710678f,   0.9f,        1.0f,
                           1.41421356f,   4.0f,        9.01f,
                           10.0f,         16.6f,       20.0f,
                           87.33654f,     88.02969f,   88.72283f,
                           88.72284f,     89.0f,       103.27892f,
                           103.97208f,    104.0f,      1e6f,
                           3.4028235e38f, inf,         nan_value}) {
    float above = edge;
    float below = edge;
    for (int i = 0; i < 20; ++i) {
      for (const float x : {above, below}) {
        all.push_back(x);
        all.push_back(-x);
      }
      above = std::nextafter(above, inf);
      below = std::nextafter(below, -inf);
    }
  }
  return all;
}

/// Calls f with some thousand floats at a time: the edges, and a sample of all.
void for_sample_of_all_floats(const std::function<void(const std::vector<float>&)>& f) {
  f(edges());
  std::vector<float> some;
  const std::uint64_t step = stride();
  for (std::uint64_t bits = 0; bits < (1ULL << 32); bits += step) {
    const auto low = static_cast<std::uint32_t>(bits);
    float x = 0;
    std::memcpy(&x, &low, sizeof x);
    some.push_back(x);
    if (some.size() < 16384 && bits + step < (1ULL << 32)) continue;
    f(some);
    some.clear();
  }
}

/// The largest error of a function of one table, and where it is.
struct Worst {
  double error = -1;
  float x = 0;
  float got = 0;

  void consider(float at, float y, double truth) {
    const double here = ulp_error(y, truth);
    if (here > error) *this = {here, at, y};
  }
};

std::vector<float> random_values(std::size_t n, unsigned seed, float scale = 3) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> values(n);
  for (float& v : values) v = normal(generator);
  return values;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

}  // namespace

TEST_CASE("functions of float are within 3 ulp of the true value, for every instruction set") {
  const std::vector<const Kernels*> tables = all_kernels();
  for (const Function& function : functions) {
    std::vector<Worst> worst(tables.size());
    for_sample_of_all_floats([&](const std::vector<float>& x) {
      std::vector<double> truth;
      for (const float v : x) truth.push_back(function.truth(static_cast<double>(v)));
      std::vector<float> y(x.size());
      for (std::size_t t = 0; t < tables.size(); ++t) {
        (tables[t]->*function.map)(x.data(), y.data(), x.size());
        for (std::size_t i = 0; i < x.size(); ++i) worst[t].consider(x[i], y[i], truth[i]);
      }
    });
    for (std::size_t t = 0; t < tables.size(); ++t) {
      INFO(tables[t]->name << " " << function.name << "(" << worst[t].x << ") = " << worst[t].got
                           << " errs by " << worst[t].error);
      CHECK(worst[t].error <= 3);
    }
  }
}

TEST_CASE("special values give what the standard library gives") {
  const float specials[] = {0.0f, -0.0f, inf, -inf, nan_value, -1.0f, 1.0f};
  for (const Kernels* table : all_kernels())
    for (const Function& function : functions)
      for (const float x : specials) {
        float y = 42;
        (table->*function.map)(&x, &y, 1);
        INFO(table->name << " " << function.name << "(" << x << ") = " << y);
        CHECK(ulp_error(y, function.truth(static_cast<double>(x))) <= 3);
      }
}

TEST_CASE("square roots are exact and reciprocal roots within 1.5 ulp") {
  for (const Kernels* table : all_kernels()) {
    Worst root;
    Worst reciprocal;
    for_sample_of_all_floats([&](const std::vector<float>& x) {
      std::vector<float> y(x.size());
      table->f32.sqrt(x.data(), y.data(), x.size());
      for (std::size_t i = 0; i < x.size(); ++i)
        root.consider(x[i], y[i], std::sqrt(static_cast<double>(x[i])));
      table->f32.rsqrt(x.data(), y.data(), x.size());
      for (std::size_t i = 0; i < x.size(); ++i)
        reciprocal.consider(x[i], y[i], 1 / std::sqrt(static_cast<double>(x[i])));
    });
    CHECK(root.error <= 0.5);
    CHECK(reciprocal.error <= 1.5);
  }
}

TEST_CASE("a result does not depend on where its value lies, and may overwrite it") {
  const std::vector<float> values = random_values(120, 1, 40);
  for (const Kernels* table : all_kernels()) {
    for (const Function& function : functions) {
      const auto map = table->*function.map;
      std::vector<float> one_by_one(values.size());
      for (std::size_t i = 0; i < values.size(); ++i) map(&values[i], &one_by_one[i], 1);
      for (std::size_t begin = 0; begin < 20; ++begin)
        for (std::size_t n = 0; begin + n <= values.size(); n += 1 + n / 20) {
          std::vector<float> expected = values;  // what is not asked for must stay
          std::copy_n(one_by_one.begin() + static_cast<std::ptrdiff_t>(begin), n,
                      expected.begin() + static_cast<std::ptrdiff_t>(begin));
          std::vector<float> in_place = values;
          map(in_place.data() + begin, in_place.data() + begin, n);
          std::vector<float> other = values;
          map(values.data() + begin, other.data() + begin, n);
          if (!same_bits(in_place, expected) || !same_bits(other, expected)) {
            INFO(table->name << " " << function.name << " of " << n << " values from " << begin);
            REQUIRE(same_bits(in_place, expected));
            REQUIRE(same_bits(other, expected));
          }
        }
    }
  }
}

TEST_CASE("functions read and write within their arrays") {
  for (std::size_t n = 0; n < 70;
       ++n) {  // on the heap, each of its own size: address sanitizers see one step too far
    const std::vector<float> x = random_values(n, 2);
    for (const Kernels* table : all_kernels())
      for (const Function& function : functions) {
        std::vector<float> y(n);
        (table->*function.map)(x.data(), y.data(), n);
        if (n > 0) REQUIRE(ulp_error(y[n - 1], function.truth(static_cast<double>(x[n - 1]))) <= 2.5);
      }
  }
}

TEST_CASE("functions of double are those of the standard library") {
  const std::vector<double> x{-3.5, -1e-9, 0.0, 0.25, 1.0, 40.0, 800.0};
  std::vector<double> y(x.size());
  const auto check = [&](void (*map)(const double*, double*, std::size_t), double (*truth)(double)) {
    map(x.data(), y.data(), x.size());
    for (std::size_t i = 0; i < x.size(); ++i)
      CHECK((y[i] == Approx(truth(x[i])).epsilon(1e-15) || (std::isnan(y[i]) && std::isnan(truth(x[i])))));
  };
  check(kernels::exp, [](double v) { return std::exp(v); });
  check(kernels::expm1, [](double v) { return std::expm1(v); });
  check(kernels::log, [](double v) { return std::log(v); });
  check(kernels::log1p, [](double v) { return std::log1p(v); });
  check(kernels::tanh, [](double v) { return std::tanh(v); });
  check(kernels::sigmoid, [](double v) { return 1 / (1 + std::exp(-v)); });
  check(kernels::softplus, [](double v) { return v > 700 ? v : std::log1p(std::exp(v)); });
  check(kernels::sin, [](double v) { return std::sin(v); });
  check(kernels::cos, [](double v) { return std::cos(v); });
  check(kernels::sqrt, [](double v) { return std::sqrt(v); });
  check(kernels::rsqrt, [](double v) { return 1 / std::sqrt(v); });
  check(kernels::erf, [](double v) { return std::erf(v); });
}

TEST_CASE("each public function calls its own kernel") {
  const float x = 0.75f;
  const auto at = [x](void (*map)(const float*, float*, std::size_t)) {
    float y = 0;
    map(&x, &y, 1);
    return static_cast<double>(y);
  };
  CHECK(at(kernels::exp) == Approx(std::exp(0.75)));
  CHECK(at(kernels::expm1) == Approx(std::expm1(0.75)));
  CHECK(at(kernels::log) == Approx(std::log(0.75)));
  CHECK(at(kernels::log1p) == Approx(std::log1p(0.75)));
  CHECK(at(kernels::tanh) == Approx(std::tanh(0.75)));
  CHECK(at(kernels::sigmoid) == Approx(1 / (1 + std::exp(-0.75))));
  CHECK(at(kernels::softplus) == Approx(std::log1p(std::exp(0.75))));
  CHECK(at(kernels::sin) == Approx(std::sin(0.75)));
  CHECK(at(kernels::cos) == Approx(std::cos(0.75)));
  CHECK(at(kernels::sqrt) == Approx(std::sqrt(0.75)));
  CHECK(at(kernels::rsqrt) == Approx(1 / std::sqrt(0.75)));
  CHECK(at(kernels::erf) == Approx(std::erf(0.75)));
}
