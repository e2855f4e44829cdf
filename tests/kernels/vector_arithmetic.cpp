#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include <sluice/kernels/vector_math.h>
#include <sluice/kernels/vector_table.h>

#include "support/catch.h"

namespace kernels = sluice::kernels;
using kernels::detail::Arithmetic;
using kernels::detail::Isa;
using sluice::Index;

namespace {

constexpr Isa every_isa[] = {Isa::baseline, Isa::avx2, Isa::avx512};

template <class T>
const Arithmetic<T>& arithmetic(Isa isa) {
  const auto& table = kernels::detail::kernels_for(isa);
  if constexpr (std::is_same_v<T, float>)
    return table.f32;
  else
    return table.f64;
}

template <class T>
std::vector<T> random_values(std::size_t n, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<T> normal;
  std::vector<T> values(n);
  for (T& v : values) v = normal(generator);
  return values;
}

template <class T>
struct Operation {
  kernels::detail::Zip<T> Arithmetic<T>::*zip;
  T (*truth)(T a, T b);
};

}  // namespace

TEMPLATE_TEST_CASE("arithmetic of two arrays, and of an array and one value", "", float, double) {
  using T = TestType;
  const Operation<T> operations[] = {
      {&Arithmetic<T>::add, [](T a, T b) { return a + b; }},
      {&Arithmetic<T>::subtract, [](T a, T b) { return a - b; }},
      {&Arithmetic<T>::multiply, [](T a, T b) { return a * b; }},
      {&Arithmetic<T>::multiply_no_nan, [](T a, T b) { return b == 0 ? 0 : a * b; }},
      {&Arithmetic<T>::divide_keep_zeros, [](T a, T b) { return a == 0 ? 0 : a / b; }},
      {&Arithmetic<T>::divide, [](T a, T b) { return a / b; }},
      {&Arithmetic<T>::maximum, [](T a, T b) { return std::max(a, b); }},
      {&Arithmetic<T>::minimum, [](T a, T b) { return std::min(a, b); }},
  };
  for (const Isa isa : every_isa)
    for (const auto& operation : operations)
      for (std::size_t n = 0; n < 70; ++n) {
        const std::vector<T> a = random_values<T>(n, 1);
        const std::vector<T> b = random_values<T>(n, 2);
        const T one_a = T(1.5);
        const T one_b = T(-0.75);
        const auto zip = arithmetic<T>(isa).*operation.zip;
        for (const Index stride_a : {0, 1})
          for (const Index stride_b : {0, 1}) {
            const T* from_a = stride_a != 0 ? a.data() : &one_a;
            const T* from_b = stride_b != 0 ? b.data() : &one_b;
            std::vector<T> expected(n);
            for (std::size_t i = 0; i < n; ++i)
              expected[i] = operation.truth(stride_a != 0 ? a[i] : one_a, stride_b != 0 ? b[i] : one_b);
            std::vector<T> y(n);
            zip(from_a, stride_a, from_b, stride_b, y.data(), n);
            REQUIRE(y == expected);
            y = a;
            if (stride_a != 0) zip(y.data(), 1, from_b, stride_b, y.data(), n);
            if (stride_a != 0) REQUIRE(y == expected);
            y = b;
            if (stride_b != 0) zip(from_a, stride_a, y.data(), 1, y.data(), n);
            if (stride_b != 0) REQUIRE(y == expected);
          }
      }
}

TEMPLATE_TEST_CASE("maximum, minimum and max give NaN where there is one", "", float, double) {
  using T = TestType;
  const T nan = std::numeric_limits<T>::quiet_NaN();
  for (const Isa isa : every_isa) {
    const auto& table = arithmetic<T>(isa);
    const std::vector<T> a{nan, 1, nan, 2};
    const std::vector<T> b{1, nan, nan, 3};
    std::vector<T> y(4);
    table.maximum(a.data(), 1, b.data(), 1, y.data(), 4);
    REQUIRE((std::isnan(y[0]) && std::isnan(y[1]) && std::isnan(y[2]) && y[3] == 3));
    table.minimum(a.data(), 1, b.data(), 1, y.data(), 4);
    REQUIRE((std::isnan(y[0]) && std::isnan(y[1]) && std::isnan(y[2]) && y[3] == 2));
    for (const std::size_t n : {1, 5, 32, 33, 100})
      for (std::size_t at = 0; at < n; ++at) {
        std::vector<T> x = random_values<T>(n, 3);
        REQUIRE(table.max(x.data(), n) == *std::max_element(x.begin(), x.end()));
        x[at] = nan;
        REQUIRE(std::isnan(table.max(x.data(), n)));
      }
    REQUIRE(table.max(nullptr, 0) == -std::numeric_limits<T>::infinity());
    const std::vector<T> lowest(40, -std::numeric_limits<T>::infinity());
    REQUIRE(table.max(lowest.data(), 40) == -std::numeric_limits<T>::infinity());
  }
}

TEMPLATE_TEST_CASE("sum and dot are accurate for few and for many values", "", float, double) {
  using T = TestType;
  constexpr T eps = std::numeric_limits<T>::epsilon();
  for (const std::size_t n : {0, 1, 2, 31, 32, 33, 64, 100, 2047, 2048, 2049, 10000, 300001}) {
    const std::vector<T> a = random_values<T>(n, 4);
    const std::vector<T> b = random_values<T>(n, 5);
    long double sum = 0;
    long double sizes = 0;
    long double dot = 0;
    long double products = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const auto wide_a = static_cast<long double>(a[i]);
      const auto product = wide_a * static_cast<long double>(b[i]);
      sum += wide_a;
      sizes += std::abs(wide_a);
      dot += product;
      products += std::abs(product);
    }
    for (const Isa isa : every_isa) {
      const auto& table = arithmetic<T>(isa);
      // Naive addition of 300,000 values would err some hundred times more.
      CHECK(std::abs(static_cast<long double>(table.sum(a.data(), n)) - sum) <= 4 * eps * sizes);
      CHECK(std::abs(static_cast<long double>(table.dot(a.data(), b.data(), n)) - dot) <= 4 * eps * products);
    }
  }
}

TEMPLATE_TEST_CASE("sum has the same bits for every instruction set and alignment", "", float, double) {
  using T = TestType;
  const std::vector<T> x = random_values<T>(5000, 6);
  const T expected = arithmetic<T>(Isa::baseline).sum(x.data(), x.size());
  for (const Isa isa : every_isa) {
    REQUIRE(arithmetic<T>(isa).sum(x.data(), x.size()) == expected);
    for (std::size_t shift = 1; shift < 5; ++shift) {
      std::vector<T> shifted(shift + x.size());
      std::copy(x.begin(), x.end(), shifted.begin() + static_cast<std::ptrdiff_t>(shift));
      REQUIRE(arithmetic<T>(isa).sum(shifted.data() + shift, x.size()) == expected);
    }
  }
}

TEMPLATE_TEST_CASE("axpy adds a multiple", "", float, double) {
  using T = TestType;
  for (const Isa isa : every_isa)
    for (std::size_t n = 0; n < 70; ++n) {
      const std::vector<T> x = random_values<T>(n, 7);
      std::vector<T> y = random_values<T>(n, 8);
      std::vector<T> expected = y;
      for (std::size_t i = 0; i < n; ++i)
        expected[i] += T(0.5) * x[i];  // exact product: fused or not is the same
      arithmetic<T>(isa).axpy(T(0.5), x.data(), y.data(), n);
      REQUIRE(y == expected);
    }
}

TEMPLATE_TEST_CASE("multiply_no_nan is zero where the right side is, divide_keep_zeros where the left is", "",
                   float, double) {
  using T = TestType;
  constexpr T infinity = std::numeric_limits<T>::infinity();
  const std::vector<T> a{infinity, -infinity, std::numeric_limits<T>::quiet_NaN(), 3, infinity};
  const std::vector<T> b{0, -T{0}, 0, 0, 1};
  for (const Isa isa : every_isa) {
    std::vector<T> y(5);
    arithmetic<T>(isa).multiply_no_nan(a.data(), 1, b.data(), 1, y.data(), 5);
    REQUIRE(y == std::vector<T>{0, 0, 0, 0, infinity});
    arithmetic<T>(isa).multiply_no_nan(a.data(), 1, b.data(), 0, y.data(), 5);
    REQUIRE(y == std::vector<T>(5));
    arithmetic<T>(isa).divide_keep_zeros(b.data(), 1, b.data(), 1, y.data(), 5);
    REQUIRE(y == std::vector<T>{0, 0, 0, 0, 1});
    arithmetic<T>(isa).divide_keep_zeros(b.data(), 1, a.data() + 2, 0, y.data(), 4);
    REQUIRE(y == std::vector<T>{0, 0, 0, 0, 1});
  }
}

TEMPLATE_TEST_CASE("add_rows adds rows in order, with the same bits for every instruction set", "", float,
                   double) {
  using T = TestType;
  for (const Isa isa : every_isa)
    for (const std::size_t count : {0, 1, 7, 33})
      for (std::size_t n = 0; n < 140; n += n < 20 ? 1 : 13) {
        const std::vector<T> x = random_values<T>(count * n, 9);
        std::vector<const T*> rows;
        for (std::size_t i = 0; i < count; ++i) rows.push_back(x.data() + i * n);
        std::vector<T> y = random_values<T>(n, 10);
        std::vector<T> expected(n);
        for (const T* row : rows)
          for (std::size_t j = 0; j < n; ++j) expected[j] += row[j];
        for (std::size_t j = 0; j < n; ++j) expected[j] = y[j] + expected[j];
        arithmetic<T>(isa).add_rows(rows.data(), count, y.data(), n);
        REQUIRE(y == expected);
      }
}

TEMPLATE_TEST_CASE("sum_but_ones counts ones and adds the rest", "", float, double) {
  using T = TestType;
  for (const Isa isa : every_isa)
    for (std::size_t n = 0; n < 140; ++n) {
      std::vector<T> x(n);
      double expected = 0;
      std::size_t expected_ones = 0;
      for (std::size_t i = 0; i < n; ++i) {
        x[i] = i % 5 == 2 ? T{1} : static_cast<T>(i) / 1024;  // sums are exact
        expected_ones += i % 5 == 2 ? 1 : 0;
        expected += i % 5 == 2 ? 0 : static_cast<double>(x[i]);
      }
      std::size_t ones = 99;
      REQUIRE(arithmetic<T>(isa).sum_but_ones(x.data(), n, &ones) == static_cast<T>(expected));
      REQUIRE(ones == expected_ones);
      if (n == 0) continue;
      x[n / 2] = std::numeric_limits<T>::quiet_NaN();
      REQUIRE(std::isnan(arithmetic<T>(isa).sum_but_ones(x.data(), n, &ones)));
    }
}

TEMPLATE_TEST_CASE("the public functions call the chosen table", "", float, double) {
  using T = TestType;
  const T a[] = {6, -1};
  const T b[] = {2, 4};
  T y[2] = {};
  const auto gives = [&y](T first, T second) { return y[0] == first && y[1] == second; };
  kernels::add(a, 1, b, 1, y, 2);
  CHECK(gives(8, 3));
  kernels::subtract(a, 1, b, 0, y, 2);
  CHECK(gives(4, -3));
  kernels::multiply(a, 0, b, 1, y, 2);
  CHECK(gives(12, 24));
  kernels::multiply_no_nan(a, 1, b, 1, y, 2);
  CHECK(gives(12, -4));
  kernels::divide_keep_zeros(a, 1, b, 1, y, 2);
  CHECK(gives(3, T(-0.25)));
  kernels::divide(a, 1, b, 1, y, 2);
  CHECK(gives(3, T(-0.25)));
  kernels::maximum(a, 1, b, 1, y, 2);
  CHECK(gives(6, 4));
  kernels::minimum(a, 1, b, 1, y, 2);
  CHECK(gives(2, -1));
  kernels::axpy(T(2), a, y, 2);
  CHECK(gives(14, -3));
  const T* rows[] = {a, b};
  kernels::add_rows(rows, 2, y, 2);
  CHECK(gives(22, 0));
  CHECK(kernels::sum(a, 2) == 5);
  std::size_t ones = 0;
  CHECK(kernels::sum_but_ones(a, 2, &ones) == 5);
  CHECK(ones == 0);
  CHECK(kernels::max(a, 2) == 6);
  CHECK(kernels::dot(a, b, 2) == 8);
}
