#include <sluice/kernels/gemm.h>

#include <algorithm>
#include <cstdlib>

#include <sluice/kernels/gemm_backends.h>
#include <sluice/kernels/threads.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/kernels/vector_table.h>

namespace sluice::kernels {

namespace detail {

namespace {

/// A product is cut into blocks of `rows` x `columns` of the result; the inner dimension stays whole.
struct Grid {
  Index rows;
  Index columns;
};

Index blocks_of(Index whole, Index part) { return (whole + part - 1) / part; }

/// From the shape alone, never from the number of threads.
Grid choose_grid(bool transpose_b, Index m, Index n, Index k) {
  // 2, 4, 8, ... blocks, so that 2, 4, 8 threads get the same work. A block has a million products or more,
  // some ten microseconds, for waking a thread takes a few; and blocks grow with the work, for each packs its
  // operands anew.
  constexpr double unit = 1 << 19;
  const double work = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  double wanted = 1;
  while (wanted < 32 && 4 * wanted * wanted * unit <= work) wanted *= 2;
  // The longer side is halved, so that a block reads little for what it computes. Narrow blocks with a
  // transposed right operand run at less than half of oneDNN's speed.
  const Index least_rows = transpose_b ? 48 : 16;
  const Index least_columns = transpose_b ? 128 : 96;
  Grid grid{m, n};
  for (double blocks = 1; blocks < wanted; blocks *= 2) {
    const bool rows = grid.rows >= 2 * least_rows;
    const bool columns = grid.columns >= 2 * least_columns;
    if (rows && (grid.rows >= grid.columns || !columns))
      grid.rows = blocks_of(grid.rows, 16) * 8;
    else if (columns)
      grid.columns = blocks_of(grid.columns, 32) * 16;
  }
  return grid;
}

/// Small products without a transposed right operand are done here: a call of a library costs a tenth of a
/// microsecond, as much as ten thousand multiplications.
template <class T>
bool multiply_small(const Product<T>& p, const Arithmetic<T>& arithmetic) {
  constexpr double most_work = 1 << 14;
  if (p.transpose_b || p.m <= 0 || p.n <= 0 || p.k <= 0) return false;
  if (static_cast<double>(p.m) * static_cast<double>(p.n) * static_cast<double>(p.k) > most_work)
    return false;
  arithmetic.multiply_rows(p.m, p.n, p.k, p.a, p.transpose_a ? 1 : p.lda, p.transpose_a ? p.lda : 1, p.b,
                           p.ldb, p.beta, p.c, p.ldc);
  return true;
}

template <class T>
void multiply_blocks(const Product<T>& p, void (*multiply)(const Product<T>&)) {
  if (p.m <= 0 || p.n <= 0) return;
  if (p.k <= 0) {
    if (p.beta == T{0})
      for (Index i = 0; i < p.m; ++i) std::fill_n(p.c + i * p.ldc, p.n, T{0});
    return;
  }
  const Grid grid = choose_grid(p.transpose_b, p.m, p.n, p.k);
  const Index across = blocks_of(p.n, grid.columns);
  parallel_for(blocks_of(p.m, grid.rows) * across, 1, [&p, &grid, across, multiply](Index index, Index) {
    const Index row = index / across * grid.rows;
    const Index column = index % across * grid.columns;
    Product<T> block = p;
    block.m = std::min(grid.rows, p.m - row);
    block.n = std::min(grid.columns, p.n - column);
    block.a += p.transpose_a ? row : row * p.lda;
    block.b += p.transpose_b ? column * p.ldb : column;
    block.c += row * p.ldc + column;
    multiply(block);
  });
}

}  // namespace

void gemm_in_blocks(const Product<float>& product, void (*multiply)(const Product<float>&)) {
  multiply_blocks(product, multiply);
}
void gemm_in_blocks(const Product<double>& product, void (*multiply)(const Product<double>&)) {
  multiply_blocks(product, multiply);
}

}  // namespace detail

namespace {

enum class Backend { onednn, packed, eigen };

struct Backends {
  Backend f32;
  Backend f64;
};

Backends choose_backends() {
  const char* text = std::getenv("SLUICE_GEMM");
  const std::string_view wanted = text != nullptr ? text : "";
  if (wanted == "eigen") return {Backend::eigen, Backend::eigen};
  if (wanted == "packed") return {Backend::packed, Backend::packed};
  // In registers of 128 bits Eigen is the better one.
  const Backend own = isa() == "baseline" ? Backend::eigen : Backend::packed;
  return {detail::has_onednn() ? Backend::onednn : own, own};
}

const Backends& backends() {
  static const Backends chosen = choose_backends();
  return chosen;
}

template <class T>
void multiply(const detail::Product<T>& product, Backend backend) {
  // For one row or one column, packing the matrix is more work than the product.
  const bool packed = backend == Backend::packed && product.m > 1 && product.n > 1;
  if (packed)
    detail::gemm_in_blocks(product, detail::gemm_packed);
  else
    detail::gemm_in_blocks(product, detail::gemm_eigen);
}

}  // namespace

void gemm(bool transpose_a, bool transpose_b, Index m, Index n, Index k, const float* a, Index lda,
          const float* b, Index ldb, float beta, float* c, Index ldc) {
  const detail::Product<float> product{transpose_a, transpose_b, m, n, k, a, lda, b, ldb, beta, c, ldc};
  if (detail::multiply_small(product, detail::active().f32)) return;
  if (backends().f32 == Backend::onednn)
    detail::gemm_in_blocks(product, detail::gemm_onednn);
  else
    multiply(product, backends().f32);
}

void gemm(bool transpose_a, bool transpose_b, Index m, Index n, Index k, const double* a, Index lda,
          const double* b, Index ldb, double beta, double* c, Index ldc) {
  const detail::Product<double> product{transpose_a, transpose_b, m, n, k, a, lda, b, ldb, beta, c, ldc};
  if (!detail::multiply_small(product, detail::active().f64)) multiply(product, backends().f64);
}

std::string_view gemm_backend() {
  switch (backends().f32) {
    case Backend::onednn:
      return "onednn";
    case Backend::packed:
      return "packed";
    case Backend::eigen:
      break;
  }
  return "eigen";
}

}  // namespace sluice::kernels
