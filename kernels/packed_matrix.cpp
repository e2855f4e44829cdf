#include <sluice/kernels/packed_matrix.h>

#include <algorithm>
#include <type_traits>

#include <sluice/kernels/vector_table.h>

namespace sluice::kernels {

namespace {

template <class T>
const detail::PackedProduct<T>& product() {
  if constexpr (std::is_same_v<T, float>)
    return detail::active().packed_f32;
  else
    return detail::active().packed_f64;
}

Index blocks_of(Index whole, Index part) { return (whole + part - 1) / part; }

}  // namespace

template <class T>
Index packed_panels(Index n) {
  return blocks_of(n, product<T>().panel_columns);
}

template <class T>
Index panel_columns() {
  return product<T>().panel_columns;
}

template <class T>
Index packed_size(Index k, Index n) {
  const Index step = product<T>().register_columns;
  return n == 1 ? blocks_of(k, step) * step : k * blocks_of(n, step) * step;
}

template <class T>
void pack_panels(bool transpose_b, Index k, Index n, const T* b, Index ldb, Index begin, Index end,
                 T* packed) {
  product<T>().pack_panels(transpose_b, k, n, b, ldb, begin, end, packed);
}

template <class T>
void pack(bool transpose_b, Index k, Index n, const T* b, Index ldb, T* packed) {
  product<T>().pack_panels(transpose_b, k, n, b, ldb, 0, packed_panels<T>(n), packed);
}

template <class T>
void pack_rows(bool transpose_b, Index k, Index n, Index row, Index rows, const T* b, Index ldb, T* packed) {
  const Index along = transpose_b ? 1 : ldb;
  const auto pack_column = [&](const T* from, T* to, Index width) {
    for (Index l = 0; l < rows; ++l) to[l * width] = from[l * along];
  };
  if (n == 1) return pack_column(b, packed + row, 1);
  const Index step = product<T>().register_columns;
  const Index most = product<T>().panel_columns;
  for (Index column = 0; column < n; column += most) {
    const Index columns = std::min(most, n - column);
    const Index width = blocks_of(columns, step) * step;
    const T* from = b + (transpose_b ? column * ldb : column);
    T* to = packed + column * k + row * width;
    if (columns > 1) {
      product<T>().pack_panels(transpose_b, rows, columns, from, ldb, 0, 1, to);
    } else {  // a panel, which by itself would be packed as a matrix of one column
      std::fill_n(to, rows * width, T{0});
      pack_column(from, to, width);
    }
  }
}

template <class T>
void multiply_packed(const T* start, Index ldstart, Index m, Index n, std::span<const LeftPart<T>> parts,
                     const T* packed, T* c, Index ldc) {
  if (m <= 0 || n <= 0) return;
  Index k = 0;
  for (const LeftPart<T>& part : parts) k += part.columns;
  if (k > 0) {
    product<T>().multiply(
        {m, n, k, parts.data(), static_cast<Index>(parts.size()), packed, start, ldstart, c, ldc});
    return;
  }
  for (Index i = 0; i < m && start != c; ++i) {
    if (start == nullptr)
      std::fill_n(c + i * ldc, n, T{0});
    else
      std::copy_n(start + i * ldstart, n, c + i * ldc);
  }
}

template <class T>
void multiply_packed(Index m, Index n, Index k, const T* a, Index lda, const T* packed, T beta, T* c,
                     Index ldc) {
  const LeftPart<T> part{a, lda, k};
  multiply_packed(beta == T{0} ? nullptr : static_cast<const T*>(c), ldc, m, n, std::span(&part, 1), packed,
                  c, ldc);
}

template Index packed_panels<float>(Index n);
template Index packed_panels<double>(Index n);
template Index panel_columns<float>();
template Index panel_columns<double>();
template Index packed_size<float>(Index k, Index n);
template Index packed_size<double>(Index k, Index n);
template void pack_panels(bool, Index, Index, const float*, Index, Index, Index, float*);
template void pack_panels(bool, Index, Index, const double*, Index, Index, Index, double*);
template void pack(bool, Index, Index, const float*, Index, float*);
template void pack(bool, Index, Index, const double*, Index, double*);
template void pack_rows(bool, Index, Index, Index, Index, const float*, Index, float*);
template void pack_rows(bool, Index, Index, Index, Index, const double*, Index, double*);
template void multiply_packed(Index, Index, Index, const float*, Index, const float*, float, float*, Index);
template void multiply_packed(Index, Index, Index, const double*, Index, const double*, double, double*,
                              Index);
template void multiply_packed(const float*, Index, Index, Index, std::span<const LeftPart<float>>,
                              const float*, float*, Index);
template void multiply_packed(const double*, Index, Index, Index, std::span<const LeftPart<double>>,
                              const double*, double*, Index);

}  // namespace sluice::kernels
