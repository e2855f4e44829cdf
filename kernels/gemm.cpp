#include <sluice/kernels/gemm.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <type_traits>

#include <sluice/kernels/gemm_backends.h>
#include <sluice/kernels/setting.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/kernels/vector_table.h>

namespace sluice::kernels {

namespace {

using detail::Backend;
using detail::Product;

std::string_view choose_backend() {
  const std::string_view wanted = detail::setting("SLUICE_GEMM", {"packed", "eigen"});
  if (wanted == "eigen") return "eigen";
  if (wanted == "packed") return "packed";
  // With 128-bit registers Eigen is faster.
  return isa() == "baseline" ? "eigen" : "packed";
}

/// Whether a product without a transposed right operand takes less time than choosing blocks for it.
bool is_small(bool transpose_b, Index m, Index n, Index k) {
  constexpr double most_work = 1 << 14;
  return !transpose_b &&
         static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) <= most_work;
}

template <class T>
void multiply_small(const Product<T>& p) {
  const auto multiply_rows = [] {
    if constexpr (std::is_same_v<T, float>)
      return detail::active().f32.multiply_rows;
    else
      return detail::active().f64.multiply_rows;
  }();
  multiply_rows(p.m, p.n, p.k, p.a, p.transpose_a ? 1 : p.lda, p.transpose_a ? p.lda : 1, p.b, p.ldb, p.beta,
                p.c, p.ldc);
}

/// The backend for a larger product.
template <class T>
Backend<T> backend_for(bool transpose_a, bool transpose_b, Index m, Index n) {
  if (detail::is_few(transpose_a, transpose_b, m, n)) return detail::few_backend<T>();
  static const bool packed = gemm_backend() == "packed";
  return packed ? detail::packed_backend<T>() : detail::eigen_backend<T>();
}

/// The workspace of a product with an inner dimension of at most longest_chain.
template <class T>
Index workspace_of_chain(bool transpose_a, bool transpose_b, Index m, Index n, Index k) {
  return is_small(transpose_b, m, n, k)
             ? 0
             : backend_for<T>(transpose_a, transpose_b, m, n).workspace(transpose_a, transpose_b, m, n, k);
}

/// Partial results of a product with a larger inner dimension that wait to be added pairwise.
Index waiting_results(Index k) {
  return static_cast<Index>(
      std::bit_width(static_cast<std::uint64_t>(detail::blocks_of(k, longest_chain) - 1)));
}

template <class T>
void multiply_chain(const Product<T>& p, Workspace<T> workspace) {
  if (is_small(p.transpose_b, p.m, p.n, p.k))
    multiply_small(p);
  else
    backend_for<T>(p.transpose_a, p.transpose_b, p.m, p.n).multiply(p, workspace);
}

/// The pairwise sum of products of at most longest_chain, in the order of a binary counter's carries.
template <class T>
void multiply_long(const Product<T>& p, Workspace<T> workspace) {
  struct Result {
    T* data;
    Index stride;
  };
  const auto result = [&](Index level) {
    return level == 0 ? Result{p.c, p.ldc} : Result{workspace.memory + (level - 1) * p.m * p.n, p.n};
  };
  const auto add_last_two = [&](Index last) {
    const Result to = result(last - 1);
    const Result from = result(last);
    for (Index i = 0; i < p.m; ++i) {
      T* row = to.data + i * to.stride;
      kernels::add(row, 1, from.data + i * from.stride, 1, row, static_cast<std::size_t>(p.n));
    }
  };
  const Workspace<T> rest{workspace.memory + waiting_results(p.k) * p.m * p.n, workspace.workers};
  Index level = 0;
  Index parts = 0;
  for (Index l = 0; l < p.k; l += longest_chain, ++parts, ++level) {
    Product<T> part = p;
    part.k = std::min(longest_chain, p.k - l);
    part.a += p.transpose_a ? l * p.lda : l;
    part.b += p.transpose_b ? l : l * p.ldb;
    part.beta = l == 0 ? p.beta : T{0};
    part.c = result(level).data;
    part.ldc = result(level).stride;
    multiply_chain(part, rest);
    for (Index carry = parts; (carry & 1) != 0; carry >>= 1) add_last_two(level--);
  }
  while (--level > 0) add_last_two(level);
}

template <class T>
void multiply(const Product<T>& p, Workspace<T> workspace) {
  if (p.m <= 0 || p.n <= 0) return;
  if (p.k <= 0) {
    if (p.beta == T{0})
      for (Index i = 0; i < p.m; ++i) std::fill_n(p.c + i * p.ldc, p.n, T{0});
  } else if (p.k > longest_chain) {
    multiply_long(p, workspace);
  } else {
    multiply_chain(p, workspace);
  }
}

}  // namespace

template <class T>
Index gemm_workspace(bool transpose_a, bool transpose_b, Index m, Index n, Index k) {
  if (m <= 0 || n <= 0 || k <= 0) return 0;
  const Index chain = std::min(k, longest_chain);
  return waiting_results(k) * m * n + workspace_of_chain<T>(transpose_a, transpose_b, m, n, chain);
}

void gemm(bool transpose_a, bool transpose_b, Index m, Index n, Index k, const float* a, Index lda,
          const float* b, Index ldb, float beta, float* c, Index ldc, Workspace<float> workspace) {
  multiply<float>({transpose_a, transpose_b, m, n, k, a, lda, b, ldb, beta, c, ldc}, workspace);
}

void gemm(bool transpose_a, bool transpose_b, Index m, Index n, Index k, const double* a, Index lda,
          const double* b, Index ldb, double beta, double* c, Index ldc, Workspace<double> workspace) {
  multiply<double>({transpose_a, transpose_b, m, n, k, a, lda, b, ldb, beta, c, ldc}, workspace);
}

std::string_view gemm_backend() {
  static const std::string_view chosen = choose_backend();
  return chosen;
}

template Index gemm_workspace<float>(bool, bool, Index, Index, Index);
template Index gemm_workspace<double>(bool, bool, Index, Index, Index);

}  // namespace sluice::kernels
