#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include <sluice/kernels/packed_matrix.h>
#include <sluice/kernels/threads.h>
#include <sluice/kernels/vector_table.h>

#include "support/catch.h"

using sluice::Index;
using sluice::kernels::LeftPart;
using sluice::kernels::multiply_packed;
using sluice::kernels::pack_panels;
using sluice::kernels::packed_panels;
using sluice::kernels::packed_size;
using sluice::kernels::detail::Isa;
using sluice::kernels::detail::kernels_for;
using sluice::kernels::detail::PackedProduct;

namespace {

constexpr int guard = -77;  // between the rows of c and behind what is packed; must survive

template <class T>
std::vector<T> random_values(Index count, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<T> normal;
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& v : values) v = normal(generator);
  return values;
}

std::size_t at(Index index) { return static_cast<std::size_t>(index); }

/// The instruction sets this machine has.
template <class T>
std::vector<const PackedProduct<T>*> products() {
  std::vector<const PackedProduct<T>*> all;
  for (const Isa isa : {Isa::baseline, Isa::avx2, Isa::avx512}) {
    const auto& table = kernels_for(isa);
    const PackedProduct<T>* product = nullptr;
    if constexpr (std::is_same_v<T, float>)
      product = &table.packed_f32;
    else
      product = &table.packed_f64;
    if (all.empty() || all.back() != product) all.push_back(product);
  }
  return all;
}

/// Operands of one product; the rows of all three are longer than they need to be.
template <class T>
struct Operands {
  bool transpose_b;
  Index m, n, k;
  T beta;
  Index lda, ldb, ldc;
  std::vector<T> a, b, c;

  Operands(bool transpose, Index rows, Index columns, Index inner, T factor, Index padding)
      : transpose_b(transpose),
        m(rows),
        n(columns),
        k(inner),
        beta(factor),
        lda(k + padding),
        ldb((transpose ? k : n) + 2 * padding),
        ldc(n + 3 * padding),
        a(random_values<T>(m * lda, 1)),
        b(random_values<T>((transpose ? n : k) * ldb, 2)),
        c(at(m * ldc), T(guard)) {
    const std::vector<T> old = random_values<T>(m * n, 3);
    for (Index i = 0; i < m; ++i)
      for (Index j = 0; j < n; ++j)
        c[at(i * ldc + j)] = beta == T{0} ? std::numeric_limits<T>::quiet_NaN() : old[at(i * n + j)];
  }

  std::vector<T> packed(const PackedProduct<T>& product) const {
    const Index step = product.register_columns;
    const auto filled_up = [step](Index count) { return (count + step - 1) / step * step; };
    const Index size = n == 1 ? filled_up(k) : k * filled_up(n);
    std::vector<T> to(at(size + 1), T(guard));
    product.pack_panels(transpose_b, k, n, b.data(), ldb, 0,
                        (n + product.panel_columns - 1) / product.panel_columns, to.data());
    REQUIRE(to.back() == T(guard));
    to.pop_back();
    to.shrink_to_fit();  // for the address sanitizer
    return to;
  }

  /// The product of the rows begin, ..., end - 1.
  void multiply(const PackedProduct<T>& product, const std::vector<T>& packed, Index begin, Index end,
                std::vector<T>& out) const {
    T* to = out.data() + begin * ldc;
    const LeftPart<T> part{a.data() + begin * lda, lda, k};
    product.multiply({end - begin, n, k, &part, 1, packed.data(), beta == T{0} ? nullptr : to, ldc, to, ldc});
  }

  /// Whether `out` is the product within the error that k additions may make, and nothing else changed.
  bool is_solved_by(const std::vector<T>& out) const {
    for (Index i = 0; i < m; ++i)
      for (Index j = 0; j < ldc; ++j) {
        if (j >= n) {
          if (out[at(i * ldc + j)] != T(guard)) return false;
          continue;
        }
        double sum = beta == T{0} ? 0 : static_cast<double>(c[at(i * ldc + j)]);
        double size = std::abs(sum);
        for (Index l = 0; l < k; ++l) {
          const double term = static_cast<double>(a[at(i * lda + l)]) *
                              static_cast<double>(b[at(transpose_b ? j * ldb + l : l * ldb + j)]);
          sum += term;
          size += std::abs(term);
        }
        const double eps = std::numeric_limits<T>::epsilon();
        if (!(std::abs(static_cast<double>(out[at(i * ldc + j)]) - sum) <=
              eps * (4 + std::sqrt(static_cast<double>(k))) * size))
          return false;
      }
    return true;
  }
};

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

}  // namespace

TEMPLATE_TEST_CASE("a product with a packed operand agrees with three plain loops", "", float, double) {
  using T = TestType;
  const auto check = [](Index m, Index n, Index k) {
    for (const bool transpose_b : {false, true})
      for (const T beta : {T{0}, T{1}}) {
        const Operands<T> operands(transpose_b, m, n, k, beta, (m + n) % 3);
        for (const PackedProduct<T>* product : products<T>()) {
          const std::vector<T> packed = operands.packed(*product);
          std::vector<T> out = operands.c;
          operands.multiply(*product, packed, 0, m, out);
          INFO(m << "x" << n << "x" << k << " transposed " << transpose_b << " beta " << beta
                 << " register of " << product->register_columns);
          REQUIRE(operands.is_solved_by(out));
        }
      }
  };
  for (Index m = 1; m <= 70; ++m) check(m, 37, 5);
  for (Index n = 1; n <= 150; ++n)
    for (const Index m : {1, 3, 5}) check(m, n, 3);
  for (Index k = 1; k <= 40; ++k) check(2, 19, k);
  check(6, 70, 1024);
  check(7, 3, 1025);
  check(1, 130, 2500);
  for (Index k = 1; k <= 150; ++k) check(3, 1, k);
  check(2, 1, 2500);
}

TEMPLATE_TEST_CASE("a packed product can begin with other numbers, one row for all or a row for each", "",
                   float, double) {
  using T = TestType;
  for (const Index n : {1, 5, 37, 150})
    for (const Index k : {0, 3, 1030})
      for (const Index distance : {Index{0}, n + 2}) {
        Operands<T> operands(false, 7, n, k, T{1}, 1);
        std::vector<T> packed(at(packed_size<T>(k, n)));
        sluice::kernels::pack(false, k, n, operands.b.data(), operands.ldb, packed.data());
        const LeftPart<T> a{operands.a.data(), operands.lda, k};
        const auto onto = [&](const T* start, Index ldstart, std::vector<T>& c) {
          multiply_packed(start, ldstart, 7, n, std::span(&a, 1), packed.data(), c.data(), operands.ldc);
        };
        const std::vector<T> start = random_values<T>(7 * (n + 2), 5);
        std::vector<T> out = operands.c;
        onto(start.data(), distance, out);
        for (Index i = 0; i < 7; ++i)
          std::copy_n(start.begin() + i * distance, n, operands.c.begin() + i * operands.ldc);
        INFO("n " << n << " k " << k << " distance " << distance);
        REQUIRE(operands.is_solved_by(out));
        std::vector<T> in_place = operands.c;
        onto(in_place.data(), operands.ldc, in_place);
        REQUIRE(same_bits(in_place, out));
      }
}

TEMPLATE_TEST_CASE("the left operand of a packed product may come in parts", "", float, double) {
  using T = TestType;
  const Index m = 7;
  for (const Index n : {1, 5, 150})
    for (const Index k : {3, 90, 2500}) {
      const Operands<T> operands(false, m, n, k, T{1}, 1);
      std::vector<T> packed(at(packed_size<T>(k, n)));
      sluice::kernels::pack(false, k, n, operands.b.data(), operands.ldb, packed.data());
      for (const Index first : {Index{1}, k / 2, k - 1}) {
        // The second part lies elsewhere, at another distance; one between them has no columns.
        std::vector<T> second(at(m * (k - first)));
        for (Index i = 0; i < m; ++i)
          std::copy_n(operands.a.begin() + i * operands.lda + first, k - first,
                      second.begin() + i * (k - first));
        const std::vector<LeftPart<T>> parts{{operands.a.data(), operands.lda, first},
                                             {operands.a.data(), operands.lda, 0},
                                             {second.data(), k - first, k - first}};
        std::vector<T> out = operands.c;
        multiply_packed(out.data(), operands.ldc, m, n, std::span<const LeftPart<T>>(parts), packed.data(),
                        out.data(), operands.ldc);
        INFO("n " << n << " k " << k << " first " << first);
        REQUIRE(operands.is_solved_by(out));
      }
    }
}

TEMPLATE_TEST_CASE("a packed operand may be made of matrices below each other", "", float, double) {
  using T = TestType;
  const Index k = 12;
  // 33, 17 and 9 leave a panel of one column for some instruction sets.
  for (const Index n : {1, 2, 5, 9, 17, 33, 65, 150})
    for (const bool transpose_b : {false, true}) {
      INFO("n " << n << " transposed " << transpose_b);
      const std::vector<T> b = random_values<T>(k * n, 3);
      std::vector<T> expected(at(packed_size<T>(k, n)));
      sluice::kernels::pack(false, k, n, b.data(), n, expected.data());
      std::vector<T> packed(expected.size(), T{0});
      for (const Index row : {0, 5, 7}) {
        const Index rows = row == 0 ? 5 : row == 5 ? 2 : 5;
        std::vector<T> part(b.begin() + row * n, b.begin() + (row + rows) * n);
        if (transpose_b)
          for (Index i = 0; i < rows; ++i)
            for (Index j = 0; j < n; ++j) part[at(j * rows + i)] = b[at((row + i) * n + j)];
        sluice::kernels::pack_rows(transpose_b, k, n, row, rows, part.data(), transpose_b ? rows : n,
                                   packed.data());
      }
      if (n == 1) expected.resize(at(k)), packed.resize(at(k));  // what follows is not read
      REQUIRE(packed == expected);
    }
}

TEMPLATE_TEST_CASE("a row of a packed product has the same bits whatever rows are multiplied with it", "",
                   float, double) {
  using T = TestType;
  std::mt19937 generator(4);
  for (const PackedProduct<T>* product : products<T>())
    for (const T beta : {T{0}, T{1}})
      for (const Index k : {1, 33, 1100})
        for (const Index n : {1, 5, 80, 150}) {
          const Index m = 27;
          const Operands<T> operands(false, m, n, k, beta, 1);
          const std::vector<T> packed = operands.packed(*product);
          std::vector<T> whole = operands.c;
          operands.multiply(*product, packed, 0, m, whole);
          std::vector<T> single = operands.c;
          for (Index i = 0; i < m; ++i) operands.multiply(*product, packed, i, i + 1, single);
          REQUIRE(same_bits(single, whole));
          for (Index parts = 2; parts <= 8; ++parts) {
            std::vector<Index> cuts{0, m};
            for (Index part = 1; part < parts; ++part)
              cuts.push_back(std::uniform_int_distribution<Index>(0, m)(generator));
            std::sort(cuts.begin(), cuts.end());
            std::vector<T> out = operands.c;
            for (std::size_t part = 0; part + 1 < cuts.size(); ++part)
              if (cuts[part] < cuts[part + 1])
                operands.multiply(*product, packed, cuts[part], cuts[part + 1], out);
            INFO("n " << n << " k " << k << " parts " << parts);
            REQUIRE(same_bits(out, whole));
          }
        }
}

TEMPLATE_TEST_CASE("equal rows give equal bits wherever they are", "", float, double) {
  using T = TestType;
  const Index n = 90;
  const Index k = 70;
  for (const PackedProduct<T>* product : products<T>()) {
    Operands<T> operands(true, 23, n, k, T{0}, 0);
    for (Index i = 1; i < 23; ++i) std::copy_n(operands.a.begin(), k, operands.a.begin() + i * k);
    std::vector<T> out = operands.c;
    operands.multiply(*product, operands.packed(*product), 0, 23, out);
    for (Index i = 1; i < 23; ++i)
      REQUIRE(std::memcmp(out.data(), out.data() + i * n, at(n) * sizeof(T)) == 0);
  }
}

TEMPLATE_TEST_CASE("threads share the packing and the rows of a product", "[threads]", float, double) {
  using T = TestType;
  const Operands<T> operands(true, 40, 333, 50, T{1}, 2);
  std::vector<T> packed(at(packed_size<T>(operands.k, operands.n)));
  sluice::kernels::pack(true, operands.k, operands.n, operands.b.data(), operands.ldb, packed.data());
  std::vector<T> expected = operands.c;
  multiply_packed(operands.m, operands.n, operands.k, operands.a.data(), operands.lda, packed.data(), T{1},
                  expected.data(), operands.ldc);
  REQUIRE(operands.is_solved_by(expected));
  for (const int threads : {2, 3, 8}) {
    sluice::kernels::set_threads(threads);
    std::vector<T> shared(packed.size(), T(guard));
    sluice::kernels::parallel_for(packed_panels<T>(operands.n), 1, [&](Index begin, Index end) {
      pack_panels(true, operands.k, operands.n, operands.b.data(), operands.ldb, begin, end, shared.data());
    });
    REQUIRE(same_bits(shared, packed));
    std::vector<T> out = operands.c;
    sluice::kernels::parallel_for(operands.m, 7, [&](Index begin, Index end) {
      multiply_packed(end - begin, operands.n, operands.k, operands.a.data() + begin * operands.lda,
                      operands.lda, shared.data(), T{1}, out.data() + begin * operands.ldc, operands.ldc);
    });
    REQUIRE(same_bits(out, expected));
  }
  sluice::kernels::set_threads(0);
}

TEMPLATE_TEST_CASE("a packed product without an inner dimension is zero, and one without rows nothing", "",
                   float, double) {
  using T = TestType;
  const T* none = nullptr;
  REQUIRE(packed_size<T>(0, 5) == 0);
  REQUIRE(packed_size<T>(5, 0) == 0);
  REQUIRE(packed_panels<T>(0) == 0);
  std::vector<T> c(12, T{3});
  multiply_packed(2, 5, 0, none, 0, none, T{1}, c.data(), 6);
  multiply_packed(0, 5, 4, none, 4, none, T{0}, c.data(), 6);
  multiply_packed(5, 0, 4, none, 4, none, T{0}, c.data(), 6);
  REQUIRE(c == std::vector<T>(12, T{3}));
  multiply_packed(2, 5, 0, none, 0, none, T{0}, c.data(), 6);
  REQUIRE(c == std::vector<T>{0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 3});
}
