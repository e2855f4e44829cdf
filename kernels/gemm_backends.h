#pragma once
/// The libraries behind gemm.h, each wrapped in one function that multiplies on the calling thread. Internal
/// to the room and its tests. Nothing of m, n and k is zero here.

#include <sluice/kernels/index.h>

namespace sluice::kernels::detail {

template <class T>
struct Product {
  bool transpose_a;
  bool transpose_b;
  Index m;
  Index n;
  Index k;
  const T* a;
  Index lda;
  const T* b;
  Index ldb;
  T beta;
  T* c;
  Index ldc;
};

void gemm_eigen(const Product<float>& product);
void gemm_eigen(const Product<double>& product);

/// Our own, by the kernels of packed_matrix.h: every element is one chain of multiply-adds in the order of k.
void gemm_packed(const Product<float>& product);
void gemm_packed(const Product<double>& product);

/// False where the library was built without oneDNN; gemm_onednn must not be called then.
bool has_onednn();
void gemm_onednn(const Product<float>& product);

/// Splits the product over the threads and has `multiply` do the blocks.
void gemm_in_blocks(const Product<float>& product, void (*multiply)(const Product<float>&));
void gemm_in_blocks(const Product<double>& product, void (*multiply)(const Product<double>&));

}  // namespace sluice::kernels::detail
