#pragma once
/// The product of two matrices: the one seam between this library and the libraries that are good at it.
/// float runs on oneDNN where the build has it. Otherwise, and for double, the product is made of packed
/// panels (packed_matrix.h) where the machine has AVX2 or AVX-512, and by Eigen where it has not and for
/// vectors.

#include <string_view>

#include <sluice/kernels/index.h>

namespace sluice::kernels {

/// c = op(a) op(b) + beta c, with op(a) of m x k, op(b) of k x n and c of m x n numbers, stored by rows; op
/// transposes where asked to, so that with transpose_a the memory of a holds k x m numbers.
///
/// lda, ldb and ldc are the distances between the starts of two rows in memory, at least their lengths. beta
/// is 0 or 1; with 0 the old c is not read. With k = 0 the product is zero. c must not overlap a or b.
///
/// Larger products run on several threads, split into blocks of rows or columns that depend on the shape
/// only: the result is the same bits for any number of threads. Called inside parallel_for it runs on the
/// calling thread.
void gemm(bool transpose_a, bool transpose_b, Index m, Index n, Index k, const float* a, Index lda,
          const float* b, Index ldb, float beta, float* c, Index ldc);
void gemm(bool transpose_a, bool transpose_b, Index m, Index n, Index k, const double* a, Index lda,
          const double* b, Index ldb, double beta, double* c, Index ldc);

/// What multiplies matrices of float: "onednn", "packed" or "eigen". The environment variable SLUICE_GEMM
/// chooses by these names, for double, too, as far as that can; it is read once. Another value, or the name of
/// one that is not built in, chooses nothing.
std::string_view gemm_backend();

}  // namespace sluice::kernels
