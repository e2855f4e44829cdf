// Products of matrices too small to pack or to choose blocks for: a recurrent step of one sequence has a
// handful of them. Included after vector_basics.inl.

/// c[0, columns) = a[0, k) times the k rows of b, plus the old c if requested. `count` registers hold the
/// result while b is streamed; the last one is shifted left to end with the last column, so that it never
/// reads beyond it.
template <class T, std::size_t count>
inline void multiply_row(std::int64_t columns, std::int64_t k, const T* a, std::int64_t a_stride, const T* b,
                         std::int64_t ldb, bool keep, T* c) {
  constexpr auto width = static_cast<std::int64_t>(lanes<T>);
  const std::int64_t whole = static_cast<std::int64_t>(count - 1) * width;
  const std::int64_t last = columns - width;
  Vector<T> sums[count] = {};
  for (std::int64_t l = 0; l < k; ++l) {
    const T* row = b + l * ldb;
    const Vector<T> factor = fill(a[l * a_stride]);
    for (std::size_t v = 0; v + 1 < count; ++v) sums[v] = fma(factor, load(row + v * lanes<T>), sums[v]);
    sums[count - 1] = fma(factor, load(row + last), sums[count - 1]);
  }
  for (std::size_t v = 0; v + 1 < count; ++v) {
    T* to = c + v * lanes<T>;
    store(to, keep ? load(to) + sums[v] : sums[v]);
  }
  alignas(register_bytes) T end[lanes<T>];
  store(end, sums[count - 1]);
  for (std::int64_t j = whole; j < columns; ++j) c[j] = keep ? c[j] + end[j - last] : end[j - last];
}

/// The same for fewer columns than a register has. Rows of b are read as whole registers, running into the
/// next row, as long as that is still inside b.
template <class T>
inline void multiply_narrow_row(std::int64_t columns, std::int64_t k, const T* a, std::int64_t a_stride,
                                const T* b, std::int64_t ldb, bool keep, T* c) {
  const auto n = static_cast<std::size_t>(columns);
  const std::int64_t end_of_b = (k - 1) * ldb + columns;
  Vector<T> sum = {};
  for (std::int64_t l = 0; l < k; ++l) {
    const T* row = b + l * ldb;
    const bool inside = l * ldb + static_cast<std::int64_t>(lanes<T>) <= end_of_b;
    sum = fma(fill(a[l * a_stride]), inside ? load(row) : load_few(row, n), sum);
  }
  store_few(c, keep ? load_few(c, n) + sum : sum, n);
}

/// c = op(a) b + beta c for m, n, k >= 1. op(a)[i, l] = a[i * a_row + l * a_column]. Every element is summed
/// over k in order, so a row of the result does not depend on the number of rows.
template <class T>
void multiply_rows(std::int64_t m, std::int64_t n, std::int64_t k, const T* a, std::int64_t a_row,
                   std::int64_t a_column, const T* b, std::int64_t ldb, T beta, T* c, std::int64_t ldc) {
  constexpr auto width = static_cast<std::int64_t>(lanes<T>);
  constexpr std::int64_t block = 8 * width;
  const bool keep = beta != T{0};
  for (std::int64_t i = 0; i < m; ++i) {
    const T* row = a + i * a_row;
    for (std::int64_t j = 0; j < n; j += block) {
      const std::int64_t columns = n - j < block ? n - j : block;
      const T* from = b + j;
      T* to = c + i * ldc + j;
      switch ((columns + width - 1) / width) {
        case 1:
          if (columns < width)
            multiply_narrow_row(columns, k, row, a_column, from, ldb, keep, to);
          else
            multiply_row<T, 1>(columns, k, row, a_column, from, ldb, keep, to);
          break;
        case 2:
          multiply_row<T, 2>(columns, k, row, a_column, from, ldb, keep, to);
          break;
        case 3:
          multiply_row<T, 3>(columns, k, row, a_column, from, ldb, keep, to);
          break;
        case 4:
          multiply_row<T, 4>(columns, k, row, a_column, from, ldb, keep, to);
          break;
        case 5:
          multiply_row<T, 5>(columns, k, row, a_column, from, ldb, keep, to);
          break;
        case 6:
          multiply_row<T, 6>(columns, k, row, a_column, from, ldb, keep, to);
          break;
        case 7:
          multiply_row<T, 7>(columns, k, row, a_column, from, ldb, keep, to);
          break;
        default:
          multiply_row<T, 8>(columns, k, row, a_column, from, ldb, keep, to);
      }
    }
  }
}
