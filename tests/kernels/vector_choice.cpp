#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <sluice/kernels/vector_table.h>

#include "support/catch.h"

namespace kernels = sluice::kernels;
using kernels::detail::Choice;
using kernels::detail::Isa;
using kernels::detail::Kernels;

namespace {

constexpr Isa every_isa[] = {Isa::baseline, Isa::avx2, Isa::avx512};

template <class T>
const Choice<T>& choice(const Kernels& table) {
  if constexpr (std::is_same_v<T, float>)
    return table.choice_f32;
  else
    return table.choice_f64;
}

/// Ordinary values with the extraordinary ones among them.
template <class T>
std::vector<T> values(std::size_t n) {
  using Limits = std::numeric_limits<T>;
  const T special[] = {T{0},
                       -T{0},
                       T(0.5),
                       T(-0.5),
                       T(2),
                       T(-2),
                       Limits::infinity(),
                       -Limits::infinity(),
                       Limits::quiet_NaN(),
                       Limits::denorm_min(),
                       -Limits::denorm_min(),
                       Limits::max(),
                       Limits::lowest(),
                       T(8388607.5),
                       T(-8388607.5),
                       T(-16777216),
                       T(4503599627370495.5),
                       T(-4503599627370495.5)};
  std::mt19937 generator(static_cast<unsigned>(n));
  std::normal_distribution<T> normal(0, 3);
  std::vector<T> all(n);
  for (std::size_t i = 0; i < n; ++i)
    all[i] = (i + n) % 3 == 0 ? special[(i + n) / 3 % std::size(special)] : normal(generator);
  return all;
}

/// Equal bits, or NaN both.
template <class T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](T x, T y) {
    return (std::isnan(x) && std::isnan(y)) || (x == y && std::signbit(x) == std::signbit(y));
  });
}

template <class T, class F>
void check(const F& kernel, T (*truth)(T)) {
  for (std::size_t n = 0; n < 140; ++n) {
    const std::vector<T> x = values<T>(n);
    std::vector<T> expected(n);
    std::transform(x.begin(), x.end(), expected.begin(), truth);
    std::vector<T> y(n);
    kernel(x.data(), y.data(), n);
    INFO("n = " << n);
    REQUIRE(same(y, expected));
    y = x;
    kernel(y.data(), y.data(), n);
    REQUIRE(same(y, expected));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("functions that only choose or change a sign are exact", "", float, double) {
  using T = TestType;
  for (const Isa isa : every_isa) {
    const Kernels& table = kernels::detail::kernels_for(isa);
    const Choice<T>& functions = choice<T>(table);
    INFO(table.name);
    check<T>(functions.negate, [](T x) { return -x; });
    check<T>(functions.square, [](T x) { return x * x; });
    check<T>(functions.abs, [](T x) { return std::abs(x); });
    check<T>(functions.floor, [](T x) { return std::floor(x); });
    check<T>(functions.ceil, [](T x) { return std::ceil(x); });
    check<T>(functions.trunc, [](T x) { return std::trunc(x); });
    check<T>(functions.round, [](T x) { return std::nearbyint(x); });
    check<T>(functions.relu, [](T x) { return x <= 0 ? T{0} : x; });
    check<T>([&](const T* x, T* y, std::size_t n) { functions.leaky_relu(T(0.1), x, y, n); },
             [](T x) { return x > 0 ? x : T(0.1) * x; });
    check<T>([&](const T* x, T* y, std::size_t n) { functions.clamp(T(-1.5), T(1), x, y, n); },
             [](T x) { return x < T(-1.5) ? T(-1.5)
                              : x > T(1)  ? T(1)
                                          : x; });
  }
}

TEMPLATE_TEST_CASE("where takes each element from one of two arrays or values", "", float, double) {
  using T = TestType;
  for (const Isa isa : every_isa)
    for (std::size_t n = 0; n < 140; ++n) {
      const std::vector<T> a = values<T>(n + 1);
      const std::vector<T> b = values<T>(n + 2);
      std::vector<char> bytes(n);
      std::mt19937 generator(static_cast<unsigned>(n));
      for (char& byte : bytes) byte = static_cast<char>(generator() % 2);
      const bool* condition = reinterpret_cast<const bool*>(bytes.data());
      const auto where = choice<T>(kernels::detail::kernels_for(isa)).where;
      for (const std::size_t stride_a : {0u, 1u})
        for (const std::size_t stride_b : {0u, 1u}) {
          std::vector<T> expected(n);
          for (std::size_t i = 0; i < n; ++i) expected[i] = bytes[i] != 0 ? a[i * stride_a] : b[i * stride_b];
          const auto run = [&](const T* from_a, const T* from_b, T* y) {
            where(condition, from_a, static_cast<std::int64_t>(stride_a), from_b,
                  static_cast<std::int64_t>(stride_b), y, n);
          };
          std::vector<T> y(n);
          run(a.data(), b.data(), y.data());
          INFO("n = " << n << " strides " << stride_a << stride_b);
          REQUIRE(same(y, expected));
          if (stride_a != 0) {
            y.assign(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(n));
            run(y.data(), b.data(), y.data());
            REQUIRE(same(y, expected));
          }
          if (stride_b != 0) {
            y.assign(b.begin(), b.begin() + static_cast<std::ptrdiff_t>(n));
            run(a.data(), y.data(), y.data());
            REQUIRE(same(y, expected));
          }
        }
    }
}

TEST_CASE("elu and gelu_tanh are precise to a few units in the last place") {
  std::vector<float> x;
  for (int i = -4000; i <= 4000; ++i) x.push_back(static_cast<float>(i) * 0.01f);
  for (const float special : {0.0f, -0.0f, 1e-20f, -1e-20f, 1e-3f, -1e-3f, 100.0f, -100.0f})
    x.push_back(special);
  const auto close = [](float got, double truth, double units) {
    const double unit = std::max(std::abs(truth) * std::ldexp(1.0, -23), std::ldexp(1.0, -126));
    return std::abs(static_cast<double>(got) - truth) <= units * unit;
  };
  for (const Isa isa : every_isa) {
    const Kernels& table = kernels::detail::kernels_for(isa);
    std::vector<float> y(x.size());
    table.elu(0.7f, x.data(), y.data(), x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const auto v = static_cast<double>(x[i]);
      INFO(table.name << " elu(" << v << ") = " << y[i]);
      REQUIRE(close(y[i], v > 0 ? v : static_cast<double>(0.7f) * std::expm1(v), 4));
    }
    table.gelu_tanh(x.data(), y.data(), x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const auto v = static_cast<double>(x[i]);
      const double inner = 1.5957691216057308 * (v + 0.044715 * v * v * v);
      INFO(table.name << " gelu_tanh(" << v << ") = " << y[i]);
      // An error in `inner` is one of the result times inner.
      REQUIRE(close(y[i], v / (1 + std::exp(-inner)), 6 + 2 * std::abs(std::min(inner, 0.0))));
    }
    const float nan = std::numeric_limits<float>::quiet_NaN();
    float result = 0;
    table.elu(0.7f, &nan, &result, 1);
    REQUIRE(std::isnan(result));
    table.gelu_tanh(&nan, &result, 1);
    REQUIRE(std::isnan(result));
  }
}
