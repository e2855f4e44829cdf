#include <algorithm>
#include <type_traits>

#include <sluice/kernels/gemm_backends.h>
#include <sluice/kernels/threads.h>
#include <sluice/kernels/vector_table.h>

namespace sluice::kernels::detail {

namespace {

constexpr Index few = FewProduct<float>::most_rows;
constexpr Index least_work = Index{1} << 18;  // multiplications that justify a thread: bound by memory

template <class T>
const FewProduct<T>& kernels() {
  if constexpr (std::is_same_v<T, float>)
    return active().few_f32;
  else
    return active().few_f64;
}

/// Whether the product is computed as rows times rows: the rows of both operands are contiguous, or those of
/// the operand with few are gathered.
bool is_rows_by_rows(bool transpose_a, bool transpose_b, Index m, Index n) {
  constexpr Index most_rows = 16;  // from here on packing pays
  return (transpose_b && (transpose_a ? m <= few : m < most_rows)) || (!transpose_a && n <= few);
}

template <class T>
Index workspace(bool transpose_a, bool transpose_b, Index m, Index n, Index k) {
  if (is_rows_by_rows(transpose_a, transpose_b, m, n)) return transpose_a ? m * k : transpose_b ? 0 : n * k;
  return n == 1 && m > few ? m : 0;
}

/// to[i, l] = from[l * stride + i].
template <class T>
void gather_rows(Index rows, Index k, const T* from, Index stride, T* to) {
  for (Index i = 0; i < rows; ++i)
    for (Index l = 0; l < k; ++l) to[i * k + l] = from[l * stride + i];
}

template <class T>
void multiply_rows_by_rows(Product<T> p, Workspace<T> memory) {
  if (p.transpose_a) {
    gather_rows(p.m, p.k, p.a, p.lda, memory.memory);
    p.a = memory.memory;
    p.lda = p.k;
  } else if (!p.transpose_b) {
    if (p.ldb != 1) {
      gather_rows(p.n, p.k, p.b, p.ldb, memory.memory);
      p.b = memory.memory;
    }
    p.ldb = p.k;
  }
  // Divides the larger side.
  const bool by_rows = p.m > p.n;
  const Index all = by_rows ? p.m : p.n;
  const Index each = blocks_of(blocks_of(least_work * all, p.m * p.n * p.k), 4) * 4;
  parallel_for(all, each, [&p, by_rows](Index begin, Index end) {
    if (by_rows)
      kernels<T>().multiply_rows_by_rows(end - begin, p.n, p.k, p.a + begin * p.lda, p.lda, p.b, p.ldb,
                                         p.beta, p.c + begin * p.ldc, p.ldc, 1);
    else
      kernels<T>().multiply_rows_by_rows(p.m, end - begin, p.k, p.a, p.lda, p.b + begin * p.ldb, p.ldb,
                                         p.beta, p.c + begin, p.ldc, 1);
  });
}

/// Streams the right operand row by row.
template <class T>
void multiply_few_rows(const Product<T>& p) {
  const Index each = blocks_of(blocks_of(least_work, p.m * p.k), 16) * 16;
  parallel_for(p.n, each, [&p](Index begin, Index end) {
    kernels<T>().multiply_few(p.m, end - begin, p.k, p.a, p.transpose_a ? 1 : p.lda,
                              p.transpose_a ? p.lda : 1, p.b + begin, p.ldb, p.beta, p.c + begin, p.ldc);
  });
}

/// One column of the result with a transposed left operand: c^T = b^T a.
template <class T>
void multiply_column(const Product<T>& p, Workspace<T> memory) {
  Product<T> row{false, false, 1, p.m, p.k, p.b, 1, p.a, p.lda, p.beta, p.c, p.m};
  if (!p.transpose_b) {  // the column's elements are ldb apart
    row.transpose_a = true;
    row.lda = p.ldb;
  }
  if (p.ldc == 1) return multiply_few_rows(row);
  row.c = memory.memory;
  if (p.beta != T{0})
    for (Index i = 0; i < p.m; ++i) row.c[i] = p.c[i * p.ldc];
  multiply_few_rows(row);
  for (Index i = 0; i < p.m; ++i) p.c[i * p.ldc] = row.c[i];
}

template <class T>
void multiply(const Product<T>& p, Workspace<T> memory) {
  if (is_rows_by_rows(p.transpose_a, p.transpose_b, p.m, p.n))
    multiply_rows_by_rows(p, memory);
  else if (p.m <= few)
    multiply_few_rows(p);
  else
    multiply_column(p, memory);
}

}  // namespace

bool is_few(bool transpose_a, bool transpose_b, Index m, Index n) {
  return is_rows_by_rows(transpose_a, transpose_b, m, n) || (m <= few && !transpose_b) || n == 1;
}

template <class T>
Backend<T> few_backend() {
  return {workspace<T>, multiply<T>};
}

template Backend<float> few_backend();
template Backend<double> few_backend();

}  // namespace sluice::kernels::detail
