#pragma once
/// The backends of gemm.h. Internal to the room and its tests. None of m, n and k is zero here.

#include <sluice/kernels/gemm.h>

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

/// A backend: its workspace per worker, and the product.
template <class T>
struct Backend {
  Index (*workspace)(bool transpose_a, bool transpose_b, Index m, Index n, Index k);
  void (*multiply)(const Product<T>& product, Workspace<T> workspace);
};

/// Eigen, in blocks that depend on the shape alone.
template <class T>
Backend<T> eigen_backend();

/// The kernels of packed_matrix.h: every element is one chain of multiply-adds in the order of k, whatever
/// the blocks. At least two rows and two columns.
template <class T>
Backend<T> packed_backend();

/// The kernels of few_product.inl, for few rows or few columns.
template <class T>
Backend<T> few_backend();
/// Whether few_backend() supports the product, as it does whenever m or n is 1; it is then cheaper than
/// packing.
bool is_few(bool transpose_a, bool transpose_b, Index m, Index n);

/// The part of a product that computes `rows` x `columns` of its result, starting at (row, column).
template <class T>
Product<T> block_of(const Product<T>& p, Index row, Index rows, Index column, Index columns) {
  Product<T> block = p;
  block.m = rows;
  block.n = columns;
  block.a += p.transpose_a ? row : row * p.lda;
  block.b += p.transpose_b ? column * p.ldb : column;
  block.c += row * p.ldc + column;
  return block;
}

inline Index blocks_of(Index whole, Index part) { return (whole + part - 1) / part; }

extern template Backend<float> eigen_backend();
extern template Backend<double> eigen_backend();
extern template Backend<float> packed_backend();
extern template Backend<double> packed_backend();
extern template Backend<float> few_backend();
extern template Backend<double> few_backend();

}  // namespace sluice::kernels::detail
