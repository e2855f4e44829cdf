#include <sluice/kernels/gemm.h>

#include <algorithm>
#include <cstdlib>

#include <sluice/kernels/gemm_backends.h>
#include <sluice/kernels/threads.h>

namespace sluice::kernels {

namespace detail {

namespace {

/// How a product is cut: into blocks of `size` rows, or of `size` columns.
struct Grid {
  bool by_rows;
  Index size;
};

Index round_up(Index value, Index multiple) { return (value + multiple - 1) / multiple * multiple; }

/// From the shape alone, never from the number of threads.
Grid choose_grid(Index m, Index n, Index k) {
  // A block should run some ten microseconds, for waking a thread takes a few; and more blocks than the cores
  // of a large machine only repeat the packing of the other operand.
  constexpr double block_work = 512.0 * 1024;
  constexpr double most_blocks = 32;
  const double work = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  const auto blocks = static_cast<Index>(std::clamp(work / block_work, 1.0, most_blocks));
  // The longer side is cut. The libraries' inner kernels make 48 columns by 8 rows at a time.
  if (m >= n) return {true, round_up(std::max<Index>((m + blocks - 1) / blocks, 16), 8)};
  return {false, round_up(std::max<Index>((n + blocks - 1) / blocks, 48), 48)};
}

template <class T>
void multiply_blocks(const Product<T>& p, void (*multiply)(const Product<T>&)) {
  if (p.m <= 0 || p.n <= 0) return;
  if (p.k <= 0) {
    if (p.beta == T{0})
      for (Index i = 0; i < p.m; ++i) std::fill_n(p.c + i * p.ldc, p.n, T{0});
    return;
  }
  const Grid grid = choose_grid(p.m, p.n, p.k);
  parallel_for(grid.by_rows ? p.m : p.n, grid.size, [&p, &grid, multiply](Index begin, Index end) {
    Product<T> block = p;
    if (grid.by_rows) {
      block.m = end - begin;
      block.a += p.transpose_a ? begin : begin * p.lda;
      block.c += begin * p.ldc;
    } else {
      block.n = end - begin;
      block.b += p.transpose_b ? begin * p.ldb : begin;
      block.c += begin;
    }
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

bool use_onednn() {
  static const bool use = [] {
    const char* wanted = std::getenv("SLUICE_GEMM");
    return detail::has_onednn() && (wanted == nullptr || std::string_view(wanted) != "eigen");
  }();
  return use;
}

}  // namespace

void gemm(bool transpose_a, bool transpose_b, Index m, Index n, Index k, const float* a, Index lda,
          const float* b, Index ldb, float beta, float* c, Index ldc) {
  const detail::Product<float> product{transpose_a, transpose_b, m, n, k, a, lda, b, ldb, beta, c, ldc};
  if (use_onednn())
    detail::gemm_in_blocks(product, detail::gemm_onednn);
  else
    detail::gemm_in_blocks(product, detail::gemm_eigen);
}

void gemm(bool transpose_a, bool transpose_b, Index m, Index n, Index k, const double* a, Index lda,
          const double* b, Index ldb, double beta, double* c, Index ldc) {
  detail::gemm_in_blocks(
      detail::Product<double>{transpose_a, transpose_b, m, n, k, a, lda, b, ldb, beta, c, ldc},
      detail::gemm_eigen);
}

std::string_view gemm_backend() { return use_onednn() ? "onednn" : "eigen"; }

}  // namespace sluice::kernels
