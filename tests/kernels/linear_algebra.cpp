#include <sluice/kernels/linear_algebra.h>
#include <sluice/kernels/threads.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "support/catch.h"
#include "support/small_stack.h"

using namespace sluice::kernels;
using sluice::Index;

namespace {

template <class T>
using Numbers = std::vector<T>;

template <class T>
Numbers<T> drawn(Index rows, Index columns, double diagonal = 0) {
  std::mt19937 random(static_cast<unsigned>(rows * 1000 + columns));
  std::uniform_real_distribution<double> number(-1, 1);
  Numbers<T> a(static_cast<std::size_t>(rows * columns));
  for (T& x : a) x = static_cast<T>(number(random));
  for (Index i = 0; i < std::min(rows, columns); ++i)
    a[static_cast<std::size_t>(i * columns + i)] += T(diagonal);
  return a;
}

/// Work memory that would show a kernel reading what it did not write.
template <class T>
struct Memory {
  explicit Memory(Index each, int workers = 1)
      : numbers(static_cast<std::size_t>(each * workers), std::numeric_limits<T>::quiet_NaN()),
        space{numbers.data(), workers} {}
  Numbers<T> numbers;
  Workspace<T> space;
};

/// The largest difference of op(a) b from c, in double.
template <class T, class Element>
double residual(Index n, Index k, Element a, const Numbers<T>& b, const Numbers<T>& c) {
  double worst = 0;
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < k; ++j) {
      double sum = 0;
      for (Index l = 0; l < n; ++l)
        sum += static_cast<double>(a(i, l)) * static_cast<double>(b[static_cast<std::size_t>(l * k + j)]);
      const double error = std::abs(sum - static_cast<double>(c[static_cast<std::size_t>(i * k + j)]));
      worst = std::isfinite(error) ? std::max(worst, error) : INFINITY;
    }
  }
  return worst;
}

constexpr Index sizes[] = {1, 2, 3, 5, 8, 31, 32, 33, 64, 70, 129};

template <class T>
constexpr double allowed = sizeof(T) == 4 ? 1e-4 : 1e-12;

}  // namespace

TEMPLATE_TEST_CASE("triangular systems of any size are solved, the other half of the matrix unread", "",
                   float, double) {
  using T = TestType;
  for (const Index n : sizes) {
    for (const Index k : {1, 2, 9, 40}) {
      for (unsigned bits = 0; bits < 8; ++bits) {
        const Triangle triangle{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
        Numbers<T> t = drawn<T>(n, n);
        for (Index i = 0; i < n; ++i) {
          for (Index j = 0; j < n; ++j) {
            T& x = t[static_cast<std::size_t>(i * n + j)];
            x = i == j ? x + (x < 0 ? -1 : 1) : x / static_cast<T>(n);
            const bool read = i == j ? !triangle.unit_diagonal : (i > j) == triangle.lower;
            if (!read) x = std::numeric_limits<T>::quiet_NaN();
          }
        }
        const auto element = [&](Index i, Index j) {
          if (triangle.transpose) std::swap(i, j);
          if (i == j && triangle.unit_diagonal) return T{1};
          return i == j || (i > j) == triangle.lower ? t[static_cast<std::size_t>(i * n + j)] : T{0};
        };
        const Numbers<T> b = drawn<T>(n, k);
        Numbers<T> x = b;
        Memory<T> memory(triangular_workspace<T>(triangle, n, k));
        solve_triangular(triangle, n, k, t.data(), x.data(), memory.space);
        INFO("n = " << n << ", k = " << k << ", triangle " << bits);
        REQUIRE(residual(n, k, element, x, b) < allowed<T>);
      }
    }
  }
}

TEMPLATE_TEST_CASE("matrices of any size are factored", "", float, double) {
  using T = TestType;
  for (const Index n : sizes) {
    INFO("n = " << n);
    const Numbers<T> half = drawn<T>(n, n);
    Numbers<T> a(half.size());
    gemm(false, true, n, n, n, half.data(), n, half.data(), n, T{0}, a.data(), n,
         Memory<T>(gemm_workspace<T>(false, true, n, n, n)).space);
    for (Index i = 0; i < n; ++i) a[static_cast<std::size_t>(i * n + i)] += T{2};
    Numbers<T> l = a;
    for (Index i = 0; i < n; ++i) {
      for (Index j = i + 1; j < n; ++j)
        l[static_cast<std::size_t>(i * n + j)] = std::numeric_limits<T>::quiet_NaN();
    }
    REQUIRE_FALSE(cholesky(n, l.data(), Memory<T>(cholesky_workspace<T>(n)).space));
    Numbers<T> turned(l.size());
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < n; ++j)
        turned[static_cast<std::size_t>(j * n + i)] = l[static_cast<std::size_t>(i * n + j)];
    }
    const auto of_l = [&](Index i, Index j) { return l[static_cast<std::size_t>(i * n + j)]; };
    REQUIRE(residual(n, n, of_l, turned, a) < allowed<T> * static_cast<double>(n));

    const Index k = 3;
    const Numbers<T> b = drawn<T>(n, k);
    Numbers<T> lu = half;
    Numbers<T> x = b;
    REQUIRE_FALSE(factor_lu(n, lu.data(), k, x.data(), Memory<T>(lu_workspace<T>(n)).space).bad);
    for (const Triangle part : {Triangle{true, false, true}, Triangle{false, false, false}})
      solve_triangular(part, n, k, lu.data(), x.data(), Memory<T>(triangular_workspace<T>(part, n, k)).space);
    double largest = 1;  // random matrices are not well-conditioned
    for (const T v : x) largest = std::max(largest, std::abs(static_cast<double>(v)));
    const auto of_a = [&](Index i, Index j) { return half[static_cast<std::size_t>(i * n + j)]; };
    REQUIRE(residual(n, k, of_a, x, b) < allowed<T> * largest);
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < i; ++j) REQUIRE(std::abs(lu[static_cast<std::size_t>(i * n + j)]) <= 1);
    }
  }
}

TEMPLATE_TEST_CASE("factorisations stop at the first pivot of no use", "", float, double) {
  using T = TestType;
  constexpr T nan = std::numeric_limits<T>::quiet_NaN();
  constexpr T infinite = std::numeric_limits<T>::infinity();
  const auto lu_of = [](Index n, Numbers<T> a) {
    return factor_lu<T>(n, a.data(), 0, nullptr, Memory<T>(lu_workspace<T>(n)).space);
  };
  for (const Index n : {1, 2, 40, 70}) {
    for (const Index at : {Index{0}, n / 2, n - 1}) {
      INFO("n = " << n << ", at " << at);
      Numbers<T> a = drawn<T>(n, n, static_cast<double>(n) + 1);
      const auto diagonal = static_cast<std::size_t>(at * n + at);
      for (const T value : {T{0}, T{-3}, nan, infinite, -infinite}) {
        Numbers<T> l = a;
        l[diagonal] = value;
        const auto bad = cholesky(n, l.data(), Memory<T>(cholesky_workspace<T>(n)).space);
        REQUIRE(bad.has_value());
        CHECK(bad->index == at);
        if (!std::isfinite(value)) CHECK((std::isnan(value) ? std::isnan(bad->value) : bad->value == value));
      }
      // NaN and infinity anywhere lead to a bad pivot, not always there.
      for (const T value : {nan, infinite, -infinite}) {
        for (const auto place : {diagonal, static_cast<std::size_t>(at * n), static_cast<std::size_t>(at)}) {
          Numbers<T> m = a;
          m[place] = value;
          CHECK(lu_of(n, m).bad.has_value());
        }
      }
      Numbers<T> zeros = a;  // one column
      for (Index i = 0; i < n; ++i) zeros[static_cast<std::size_t>(i * n + at)] = 0;
      const auto bad = lu_of(n, zeros).bad;
      REQUIRE(bad.has_value());
      CHECK(bad->index == at);
      CHECK(bad->value == 0);
    }
  }
  CHECK(lu_of(2, {0, 1, 1, 0}).odd);
  CHECK_FALSE(lu_of(2, {1, 0, 0, 1}).odd);
  CHECK_FALSE(lu_of(0, {}).bad);
}

TEST_CASE("factorisations have the same bits for any number of workers, and need little stack") {
  const Index n = 300;
  const Numbers<float> a = drawn<float>(n, n, 30);
  const auto factored = [&](int workers) {
    Numbers<float> l = a;
    Numbers<float> lu = a;
    Memory<float> memory(std::max(cholesky_workspace<float>(n), lu_workspace<float>(n)), workers);
    REQUIRE_FALSE(cholesky(n, l.data(), memory.space));
    REQUIRE_FALSE(factor_lu<float>(n, lu.data(), 0, nullptr, memory.space).bad);
    l.insert(l.end(), lu.begin(), lu.end());
    return l;
  };
  const Numbers<float> one = factored(1);
  for (const int workers : {2, 3}) {
    set_threads(workers);
    CHECK(factored(workers) == one);
  }
  set_threads(1);
  CHECK(sluice::test::stack_used_by([&] { factored(1); }) < 16384);
  set_threads(0);
}
