#include <algorithm>
#include <type_traits>

#include <sluice/kernels/gemm_backends.h>
#include <sluice/kernels/vector_table.h>

namespace sluice::kernels::detail {

namespace {

/// How much of the operands is in order at one time. On the stack, so that no product allocates: 192 KiB,
/// which stay in the second cache.
constexpr Index inner = 256;
template <class T>
constexpr Index columns = 256 / static_cast<Index>(sizeof(T));  // at least a panel
template <class T>
constexpr Index rows = 512 / static_cast<Index>(sizeof(T));

template <class T>
const PackedProduct<T>& kernels() {
  if constexpr (std::is_same_v<T, float>)
    return active().packed_f32;
  else
    return active().packed_f64;
}

/// The columns of the right operand are packed for as many rows as possible, a panel at a time.
template <class T>
void multiply(const Product<T>& p) {
  alignas(64) T left[rows<T> * inner];
  alignas(64) T panel[columns<T> * inner];
  const PackedProduct<T>& kernel = kernels<T>();
  const Index most_rows = p.transpose_a ? rows<T> : p.m;
  for (Index l = 0; l < p.k; l += inner) {
    const Index k = std::min(inner, p.k - l);
    for (Index i = 0; i < p.m; i += most_rows) {
      const Index m = std::min(most_rows, p.m - i);
      if (p.transpose_a) kernel.transpose(m, k, p.a + l * p.lda + i, p.lda, left, inner);
      const T* a = p.transpose_a ? left : p.a + i * p.lda + l;
      const Index lda = p.transpose_a ? inner : p.lda;
      for (Index j = 0; j < p.n; j += kernel.panel_columns) {
        const Index n = std::min(kernel.panel_columns, p.n - j);
        const T* b = p.b + (p.transpose_b ? j * p.ldb + l : l * p.ldb + j);
        kernel.pack_panels(p.transpose_b, k, n, b, p.ldb, 0, 1, panel);
        T* c = p.c + i * p.ldc + j;
        const LeftPart<T> part{a, lda, k};
        kernel.multiply({m, n, k, &part, 1, panel, l == 0 && p.beta == T{0} ? nullptr : c, p.ldc, c, p.ldc});
      }
    }
  }
}

}  // namespace

void gemm_packed(const Product<float>& product) { multiply(product); }
void gemm_packed(const Product<double>& product) { multiply(product); }

}  // namespace sluice::kernels::detail
