#include <Eigen/Core>

#include <sluice/kernels/gemm_backends.h>

namespace sluice::kernels::detail {

namespace {

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class T>
auto view(const T* data, Index rows, Index columns, Index stride) {
  return Eigen::Map<const Matrix<T>, Eigen::Unaligned, Eigen::OuterStride<>>(data, rows, columns,
                                                                             Eigen::OuterStride<>(stride));
}

template <class T, class A, class B>
void assign(const Product<T>& p, const A& a, const B& b) {
  Eigen::Map<Matrix<T>, Eigen::Unaligned, Eigen::OuterStride<>> c(p.c, p.m, p.n, Eigen::OuterStride<>(p.ldc));
  if (p.beta == T{0})
    c.noalias() = a * b;
  else
    c.noalias() += a * b;
}

template <class T>
void multiply(const Product<T>& p) {
  const auto a = p.transpose_a ? view(p.a, p.k, p.m, p.lda) : view(p.a, p.m, p.k, p.lda);
  const auto b = p.transpose_b ? view(p.b, p.n, p.k, p.ldb) : view(p.b, p.k, p.n, p.ldb);
  if (p.transpose_a && p.transpose_b)
    assign(p, a.transpose(), b.transpose());
  else if (p.transpose_a)
    assign(p, a.transpose(), b);
  else if (p.transpose_b)
    assign(p, a, b.transpose());
  else
    assign(p, a, b);
}

}  // namespace

void gemm_eigen(const Product<float>& product) { multiply(product); }
void gemm_eigen(const Product<double>& product) { multiply(product); }

}  // namespace sluice::kernels::detail
