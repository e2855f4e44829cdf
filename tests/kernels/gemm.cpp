#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include <sluice/kernels/gemm.h>
#include <sluice/kernels/gemm_backends.h>
#include <sluice/kernels/threads.h>
#include <sluice/kernels/vector_table.h>

#include "support/catch.h"

using sluice::Index;
using sluice::kernels::gemm;
using sluice::kernels::gemm_workspace;
using sluice::kernels::parallel_for;
using sluice::kernels::set_threads;
using sluice::kernels::Workspace;
using sluice::kernels::detail::Backend;
using sluice::kernels::detail::Isa;
using sluice::kernels::detail::kernels_for;
using sluice::kernels::detail::Product;

namespace {

/// What can stand behind gemm for this product.
template <class T>
std::vector<Backend<T>> backends(const Product<T>& p) {
  namespace detail = sluice::kernels::detail;
  std::vector<Backend<T>> all;
  if (p.m == 0 || p.n == 0 || p.k == 0) return all;
  all.push_back(detail::eigen_backend<T>());
  if (p.m > 1 && p.n > 1) all.push_back(detail::packed_backend<T>());
  if (detail::is_few(p.transpose_a, p.transpose_b, p.m, p.n)) all.push_back(detail::few_backend<T>());
  return all;
}

constexpr int guard = -77;  // between the rows of c and behind the workspace; must survive

/// As many elements as a product asks for, behind a guard on both sides.
template <class T>
class Memory {
 public:
  Memory(Index each, int workers)
      : workers_(workers), elements_(static_cast<std::size_t>(each * workers) + 32, T(guard)) {}
  Workspace<T> workspace() { return {elements_.data() + 16, workers_}; }
  bool is_whole() const {
    const auto is_guard = [](T x) { return x == T(guard); };
    return std::all_of(elements_.begin(), elements_.begin() + 16, is_guard) &&
           std::all_of(elements_.end() - 16, elements_.end(), is_guard);
  }

 private:
  int workers_;
  std::vector<T> elements_;
};

template <class T>
void run(const Backend<T>& backend, const Product<T>& p, int workers) {
  Memory<T> memory(backend.workspace(p.transpose_a, p.transpose_b, p.m, p.n, p.k), workers);
  backend.multiply(p, memory.workspace());
  REQUIRE(memory.is_whole());
}

/// Whether it has kept to its workspace: assertions are for the thread of the test alone.
template <class T>
[[nodiscard]] bool kept_to_workspace(const Product<T>& p, int workers) {
  Memory<T> memory(gemm_workspace<T>(p.transpose_a, p.transpose_b, p.m, p.n, p.k), workers);
  gemm(p.transpose_a, p.transpose_b, p.m, p.n, p.k, p.a, p.lda, p.b, p.ldb, p.beta, p.c, p.ldc,
       memory.workspace());
  return memory.is_whole();
}

template <class T>
void run(const Product<T>& p, int workers) {
  REQUIRE(kept_to_workspace(p, workers));
}

/// Memory for one product; rows are `padding` longer than they need to be.
template <class T>
struct Problem {
  bool transpose_a, transpose_b;
  Index m, n, k;
  T beta;
  Index lda, ldb, ldc;
  std::vector<T> a, b, c;

  Problem(bool ta, bool tb, Index rows, Index columns, Index inner, T factor, Index padding, unsigned seed)
      : transpose_a(ta),
        transpose_b(tb),
        m(rows),
        n(columns),
        k(inner),
        beta(factor),
        lda((ta ? m : k) + padding),
        ldb((tb ? k : n) + padding),
        ldc(n + padding),
        a(static_cast<std::size_t>((ta ? k : m) * lda)),
        b(static_cast<std::size_t>((tb ? n : k) * ldb)),
        c(static_cast<std::size_t>(m * ldc), T(guard)) {
    std::mt19937 generator(seed);
    std::normal_distribution<T> normal;
    for (T& v : a) v = normal(generator);
    for (T& v : b) v = normal(generator);
    for (Index i = 0; i < m; ++i)
      for (Index j = 0; j < n; ++j)
        c[at(i, j)] = beta == T{0} ? std::numeric_limits<T>::quiet_NaN() : normal(generator);
  }

  std::size_t at(Index i, Index j) const { return static_cast<std::size_t>(i * ldc + j); }

  Product<T> product(std::vector<T>& out) const {
    return {transpose_a, transpose_b, m, n, k, a.data(), lda, b.data(), ldb, beta, out.data(), ldc};
  }

  /// Whether `out` is the product within the error that k additions may make, and nothing else changed.
  bool is_solved_by(const std::vector<T>& out) const {
    for (Index i = 0; i < m; ++i)
      for (Index j = 0; j < ldc; ++j) {
        if (j >= n) {
          if (out[at(i, j)] != T(guard)) return false;
          continue;
        }
        double sum = beta == T{0} ? 0 : static_cast<double>(c[at(i, j)]);
        double size = std::abs(sum);
        for (Index l = 0; l < k; ++l) {
          const double term =
              static_cast<double>(a[static_cast<std::size_t>(transpose_a ? l * lda + i : i * lda + l)]) *
              static_cast<double>(b[static_cast<std::size_t>(transpose_b ? j * ldb + l : l * ldb + j)]);
          sum += term;
          size += std::abs(term);
        }
        const double eps = std::numeric_limits<T>::epsilon();
        if (!(std::abs(static_cast<double>(out[at(i, j)]) - sum) <= eps * (4 + std::sqrt(k)) * size))
          return false;
      }
    return true;
  }
};

}  // namespace

TEMPLATE_TEST_CASE("gemm agrees with three plain loops, for every backend, transposition and beta", "", float,
                   double) {
  using T = TestType;
  const Index shapes[][3] = {{1, 1, 1},     {0, 5, 3},      {5, 0, 3},      {5, 3, 0},      {0, 0, 0},
                             {1, 40, 30},   {40, 1, 30},    {30, 40, 1},    {3, 5, 7},      {17, 33, 9},
                             {50, 128, 20}, {1, 700, 65},   {2, 96, 400},   {3, 1, 1},      {300, 70, 40},
                             {70, 300, 40}, {129, 257, 65}, {20, 800, 150}, {400, 10, 600}, {20, 17, 30},
                             {20, 81, 400}, {390, 65, 390}, {3, 30, 500},   {30, 4, 500}};
  unsigned seed = 0;
  for (const auto& [m, n, k] : shapes)
    for (const bool transpose_a : {false, true})
      for (const bool transpose_b : {false, true})
        for (const T beta : {T{0}, T{1}})
          for (const Index padding : {0, 5}) {
            const Problem<T> problem(transpose_a, transpose_b, m, n, k, beta, padding, ++seed);
            INFO(m << "x" << n << "x" << k << " transposed " << transpose_a << transpose_b << " beta "
                   << beta);
            std::vector<T> out = problem.c;
            run(problem.product(out), 2);
            REQUIRE(problem.is_solved_by(out));
            for (const auto& backend : backends(problem.product(out))) {
              out = problem.c;
              run(backend, problem.product(out), 2);
              REQUIRE(problem.is_solved_by(out));
            }
          }
}

TEMPLATE_TEST_CASE("gemm agrees with three plain loops on random shapes", "", float, double) {
  using T = TestType;
  std::mt19937 generator(9);
  const auto pick = [&generator](Index most) {
    return std::uniform_int_distribution<Index>(1, most)(generator);
  };
  for (unsigned repeat = 0; repeat < 60; ++repeat) {
    const Problem<T> problem(pick(2) == 1, pick(2) == 1, pick(90), pick(90), pick(90),
                             pick(2) == 1 ? T{0} : T{1}, pick(3) - 1, 100 + repeat);
    std::vector<T> out = problem.c;
    run(problem.product(out), 1);
    REQUIRE(problem.is_solved_by(out));
  }
}

TEMPLATE_TEST_CASE("the kernel for small products agrees with three plain loops, for every instruction set",
                   "", float, double) {
  using T = TestType;
  unsigned seed = 0;
  for (const Isa isa : {Isa::baseline, Isa::avx2, Isa::avx512}) {
    const auto& table = kernels_for(isa);
    const auto multiply_rows = [&table]() {
      if constexpr (std::is_same_v<T, float>)
        return table.f32.multiply_rows;
      else
        return table.f64.multiply_rows;
    }();
    for (const Index m : {1, 3})
      for (Index n = 1; n < 150; ++n)
        for (const Index k : {1, 2, 17})
          for (const bool transpose_a : {false, true})
            for (const T beta : {T{0}, T{1}}) {
              const Problem<T> p(transpose_a, false, m, n, k, beta, n % 3, ++seed);
              std::vector<T> out = p.c;
              multiply_rows(m, n, k, p.a.data(), transpose_a ? 1 : p.lda, transpose_a ? p.lda : 1, p.b.data(),
                            p.ldb, beta, out.data(), p.ldc);
              INFO(table.name << " " << m << "x" << n << "x" << k << " transposed " << transpose_a << " beta "
                              << beta);
              REQUIRE(p.is_solved_by(out));
            }
  }
}

TEMPLATE_TEST_CASE("the kernels for few rows agree with three plain loops, for every instruction set", "",
                   float, double) {
  using T = TestType;
  unsigned seed = 0;
  for (const Isa isa : {Isa::baseline, Isa::avx2, Isa::avx512}) {
    const auto& table = kernels_for(isa);
    const auto& few = [&table]() -> const auto& {
      if constexpr (std::is_same_v<T, float>)
        return table.few_f32;
      else
        return table.few_f64;
    }
    ();
    for (Index m = 1; m <= 7; ++m)
      for (const Index n : {1, 2, 4, 7, 33, 1100})
        for (const Index k : {1, 3, 4, 17, 70})
          for (const bool transpose_a : {false, true})
            for (const T beta : {T{0}, T{1}}) {
              INFO(table.name << " " << m << "x" << n << "x" << k << " transposed " << transpose_a << " beta "
                              << beta);
              if (m <= few.most_rows) {
                const Problem<T> p(transpose_a, false, m, n, k, beta, n % 3, ++seed);
                std::vector<T> out = p.c;
                few.multiply_few(m, n, k, p.a.data(), transpose_a ? 1 : p.lda, transpose_a ? p.lda : 1,
                                 p.b.data(), p.ldb, beta, out.data(), p.ldc);
                REQUIRE(p.is_solved_by(out));
              }
              if (transpose_a) continue;
              const Problem<T> p(false, true, m, n, k, beta, n % 3, ++seed);
              std::vector<T> out = p.c;
              few.multiply_rows_by_rows(m, n, k, p.a.data(), p.lda, p.b.data(), p.ldb, beta, out.data(),
                                        p.ldc, 1);
              REQUIRE(p.is_solved_by(out));
            }
  }
}

TEMPLATE_TEST_CASE("gemm has the same bits for any number of threads", "[threads]", float, double) {
  using T = TestType;
  // Two blocks and more; one that is all rows, one that is all columns.
  const Index shapes[][3] = {{200, 96, 120},  {64, 300, 110},  {1, 3000, 800}, {3000, 1, 800},
                             {300, 300, 100}, {300, 257, 500}, {3, 2000, 200}, {2000, 3, 200}};
  for (const auto& [m, n, k] : shapes)
    for (const bool transpose_a : {false, true})
      for (const bool transpose_b : {false, true}) {
        const Problem<T> problem(transpose_a, transpose_b, m, n, k, T{1}, 3, 17);
        std::vector<T> expected = problem.c;
        for (const auto& backend : backends(problem.product(expected))) {
          set_threads(1);
          expected = problem.c;
          run(backend, problem.product(expected), 1);
          REQUIRE(problem.is_solved_by(expected));
          for (const int threads : {1, 2, 3, 8}) {
            set_threads(threads);
            for (const int workers : {1, 2, 4, 8}) {
              std::vector<T> out = problem.c;
              run(backend, problem.product(out), workers);
              REQUIRE(std::memcmp(out.data(), expected.data(), out.size() * sizeof(T)) == 0);
            }
          }
          std::vector<T> nested = problem.c;
          parallel_for(1, 1, [&](Index, Index) { run(backend, problem.product(nested), 2); });
          REQUIRE(nested == expected);
        }
      }
  set_threads(0);
}

TEST_CASE("products run side by side inside a loop", "[threads]") {
  set_threads(4);
  const Problem<float> problem(false, false, 40, 60, 50, 0.0f, 0, 21);
  std::vector<std::vector<float>> out(16, problem.c);
  std::vector<char> kept(out.size());
  parallel_for(16, 1, [&](Index begin, Index) {
    const auto i = static_cast<std::size_t>(begin);
    kept[i] = kept_to_workspace(problem.product(out[i]), 1);
  });
  set_threads(0);
  for (const char one : kept) REQUIRE(one);
  REQUIRE(problem.is_solved_by(out[0]));
  for (const auto& other : out) REQUIRE(other == out[0]);
}

TEST_CASE("gemm names its backend") {
  const auto name = sluice::kernels::gemm_backend();
  REQUIRE((name == "eigen" || name == "packed"));
}
