#pragma once
/// The product of two matrices. Made of packed panels (packed_matrix.h) if the machine has AVX2 or AVX-512,
/// by Eigen otherwise; products with few rows or columns, vectors included, have their own kernels.

#include <string_view>

#include <sluice/kernels/index.h>

namespace sluice::kernels {

/// A product with a larger inner dimension is split into a sum of products, which bounds its rounding error.
inline constexpr Index longest_chain = Index{1} << 16;

/// Memory for packed operands: no product allocates, and none uses more than a few kilobytes of stack. T is
/// float or double throughout this file.
template <class T>
struct Workspace {
  T* memory = nullptr;  ///< workers * gemm_workspace() elements; faster if aligned to 64 bytes
  int workers = 1;      ///< number of threads that may use parts of it concurrently, at least 1
};

/// The number of elements of a Workspace per worker for a product of these sizes; zero for small ones.
template <class T>
Index gemm_workspace(bool transpose_a, bool transpose_b, Index m, Index n, Index k);

/// c = op(a) op(b) + beta c, with op(a) of m x k, op(b) of k x n and c of m x n numbers, row-major; op
/// transposes if requested, so that with transpose_a the memory of a holds k x m numbers.
///
/// lda, ldb and ldc are the distances between the starts of two rows, at least their lengths. beta is 0 or 1;
/// with 0 the old c is not read. With k = 0 the product is zero. c must not overlap a or b.
///
/// An element is the pairwise sum of chains of at most longest_chain multiply-adds: to first order |error| <=
/// min(k, longest_chain) u |a| |b|, with u = 2^-24 for float and 2^-53 for double, where |a| |b| is the sum
/// of the magnitudes of the terms.
///
/// Larger products run on as many threads as the workspace has workers: the bits are the same for any number
/// of threads and workers. Inside parallel_for it runs inline on the calling thread.
void gemm(bool transpose_a, bool transpose_b, Index m, Index n, Index k, const float* a, Index lda,
          const float* b, Index ldb, float beta, float* c, Index ldc, Workspace<float> workspace);
void gemm(bool transpose_a, bool transpose_b, Index m, Index n, Index k, const double* a, Index lda,
          const double* b, Index ldb, double beta, double* c, Index ldc, Workspace<double> workspace);

/// The backend of larger products: "packed" or "eigen". The environment variable SLUICE_GEMM selects one by
/// name; it is read once. Throws Error for any other value.
std::string_view gemm_backend();

extern template Index gemm_workspace<float>(bool, bool, Index, Index, Index);
extern template Index gemm_workspace<double>(bool, bool, Index, Index, Index);

}  // namespace sluice::kernels
