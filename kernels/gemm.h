#pragma once
/// The product of two matrices. It is made of packed panels (packed_matrix.h) where the machine has AVX2 or
/// AVX-512, and by Eigen where it has neither; products with few rows or columns, vectors among them, by
/// kernels of their own.

#include <string_view>

#include <sluice/kernels/index.h>

namespace sluice::kernels {

/// A product with a larger inner dimension is the sum of several, so that its error stays that of this one.
inline constexpr Index longest_chain = Index{1} << 16;

/// Memory for the operands of a product in the order in which they are read: no product allocates, and none
/// has more than a few kilobytes of the stack. T is float or double in all of this page.
template <class T>
struct Workspace {
  T* memory = nullptr;  ///< workers * gemm_workspace() elements; faster if aligned to 64 bytes
  int workers = 1;      ///< how many threads may have some of it at a time, at least 1
};

/// How many elements of a Workspace a worker needs for a product of these sizes. Zero for small ones.
template <class T>
Index gemm_workspace(bool transpose_a, bool transpose_b, Index m, Index n, Index k);

/// c = op(a) op(b) + beta c, with op(a) of m x k, op(b) of k x n and c of m x n numbers, stored by rows; op
/// transposes where asked to, so that with transpose_a the memory of a holds k x m numbers.
///
/// lda, ldb and ldc are the distances between the starts of two rows in memory, at least their lengths. beta
/// is 0 or 1; with 0 the old c is not read. With k = 0 the product is zero. c must not overlap a or b.
///
/// An element is a sum of chains of at most longest_chain multiply-adds, added in pairs: but for higher
/// orders |error| <= min(k, longest_chain) u |a| |b|, with u = 2^-24 for float and 2^-53 for double, and with
/// |a| |b| for the sum of the magnitudes of what is added.
///
/// Larger products run on as many threads as there are workers in the workspace: the result is the same bits
/// for any number of threads and workers. Called inside parallel_for it runs on the calling thread.
void gemm(bool transpose_a, bool transpose_b, Index m, Index n, Index k, const float* a, Index lda,
          const float* b, Index ldb, float beta, float* c, Index ldc, Workspace<float> workspace);
void gemm(bool transpose_a, bool transpose_b, Index m, Index n, Index k, const double* a, Index lda,
          const double* b, Index ldb, double beta, double* c, Index ldc, Workspace<double> workspace);

/// What multiplies matrices: "packed" or "eigen". The environment variable SLUICE_GEMM chooses by these
/// names; it is read once. Throws Error where it is none of them.
std::string_view gemm_backend();

extern template Index gemm_workspace<float>(bool, bool, Index, Index, Index);
extern template Index gemm_workspace<double>(bool, bool, Index, Index, Index);

}  // namespace sluice::kernels
