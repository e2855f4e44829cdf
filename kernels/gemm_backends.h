#pragma once
/// What stands behind gemm.h. Internal to the room and its tests. Nothing of m, n and k is zero here.

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

/// One way to multiply: what it needs for each worker, and the product itself.
template <class T>
struct Backend {
  Index (*workspace)(bool transpose_a, bool transpose_b, Index m, Index n, Index k);
  void (*multiply)(const Product<T>& product, Workspace<T> workspace);
};

/// By Eigen, in blocks that depend on the shape alone.
template <class T>
Backend<T> eigen_backend();

/// Our own, by the kernels of packed_matrix.h: every element is one chain of multiply-adds in the order of k,
/// whatever blocks it is made in. Two rows and two columns at least.
template <class T>
Backend<T> packed_backend();

/// Our own for few rows or few columns, by the kernels of few_product.inl.
template <class T>
Backend<T> few_backend();
/// Whether few_backend() can make the product, as it can whenever m or n is 1; its cost is then below that of
/// packing.
bool is_few(bool transpose_a, bool transpose_b, Index m, Index n);

/// The part of a product that makes `rows` x `columns` of its result, from (row, column) on.
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
