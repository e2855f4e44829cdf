// Products with few rows or columns, which are not worth packing. Included after packed_product.inl.

/// Rows of b that are added at once, so that c is loaded and stored once for all of them.
constexpr std::int64_t rows_at_once = 4;

/// c[0, rows) += a times `count` rows of b, in their order.
template <class T, int rows, int count>
inline void add_rows_of_b(std::int64_t columns, const T* a, std::int64_t a_row, std::int64_t a_column,
                          const T* b, std::int64_t ldb, bool keep, T* c, std::int64_t ldc) {
  constexpr auto step = static_cast<std::int64_t>(lanes<T>);
  Vector<T> factors[rows][count];
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
    for (int l = 0; l < count; ++l) factors[i][l] = fill(a[i * a_row + l * a_column]);
  const auto add = [&](std::int64_t j, auto get, auto put) {
    Vector<T> values[count];
#pragma GCC unroll 8
    for (int l = 0; l < count; ++l) values[l] = get(b + l * ldb + j);
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i) {
      Vector<T> sum = keep ? get(c + i * ldc + j) : Vector<T>{};
#pragma GCC unroll 8
      for (int l = 0; l < count; ++l) sum = fma(factors[i][l], values[l], sum);
      put(c + i * ldc + j, sum);
    }
  };
  std::int64_t j = 0;
  for (; j + step <= columns; j += step)
    add(
        j, [](const T* x) { return load(x); }, [](T* y, Vector<T> v) { store(y, v); });
  if (const auto rest = static_cast<std::size_t>(columns - j); rest != 0)
    add(
        j, [rest](const T* x) { return load_few(x, rest); },
        [rest](T* y, Vector<T> v) { store_few(y, v, rest); });
}

template <class T, int rows>
void multiply_few_rows(std::int64_t n, std::int64_t k, const T* a, std::int64_t a_row, std::int64_t a_column,
                       const T* b, std::int64_t ldb, bool keep, T* c, std::int64_t ldc) {
  constexpr std::int64_t strip = 4096 / static_cast<std::int64_t>(sizeof(T));  // stays in the L1 cache
  for (std::int64_t j = 0; j < n; j += strip) {
    const std::int64_t columns = n - j < strip ? n - j : strip;
    std::int64_t l = 0;
    for (; l + rows_at_once <= k; l += rows_at_once)
      add_rows_of_b<T, rows, rows_at_once>(columns, a + l * a_column, a_row, a_column, b + l * ldb + j, ldb,
                                           keep || l > 0, c + j, ldc);
    for (; l < k; ++l)
      add_rows_of_b<T, rows, 1>(columns, a + l * a_column, a_row, a_column, b + l * ldb + j, ldb,
                                keep || l > 0, c + j, ldc);
  }
}

/// c = op(a) b + beta c for 1 <= m <= FewProduct::most_rows: b is streamed once. Every element is one chain
/// of multiply-adds in the order of k.
template <class T>
void multiply_few(std::int64_t m, std::int64_t n, std::int64_t k, const T* a, std::int64_t a_row,
                  std::int64_t a_column, const T* b, std::int64_t ldb, T beta, T* c, std::int64_t ldc) {
  const bool keep = beta != T{0};
  switch (m) {
    case 1:
      return multiply_few_rows<T, 1>(n, k, a, a_row, a_column, b, ldb, keep, c, ldc);
    case 2:
      return multiply_few_rows<T, 2>(n, k, a, a_row, a_column, b, ldb, keep, c, ldc);
    case 3:
      return multiply_few_rows<T, 3>(n, k, a, a_row, a_column, b, ldb, keep, c, ldc);
    default:
      return multiply_few_rows<T, 4>(n, k, a, a_row, a_column, b, ldb, keep, c, ldc);
  }
}

/// A tile of inner products: rows of a times rows of b, one register of each at a time.
template <class T, int rows, int columns>
void multiply_dots(std::int64_t k, const T* a, std::int64_t lda, const T* b, std::int64_t ldb, bool keep,
                   T* c, std::int64_t c_row, std::int64_t c_column) {
  constexpr auto step = static_cast<std::int64_t>(lanes<T>);
  Vector<T> sums[rows][columns] = {};
  const auto add = [&](std::int64_t l, auto get) {
    Vector<T> values[rows];
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i) values[i] = get(a + i * lda + l);
#pragma GCC unroll 8
    for (int j = 0; j < columns; ++j) {
      const Vector<T> v = get(b + j * ldb + l);
#pragma GCC unroll 8
      for (int i = 0; i < rows; ++i) sums[i][j] = fma(values[i], v, sums[i][j]);
    }
  };
  std::int64_t l = 0;
  for (; l + step <= k; l += step) add(l, [](const T* x) { return load(x); });
  if (const auto rest = static_cast<std::size_t>(k - l); rest != 0)
    add(l, [rest](const T* x) { return load_few(x, rest); });
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < columns; ++j) {
      const T sum = sum_of_lanes<T>(sums[i][j], typename CountTo<static_cast<int>(lanes<T>)>::Type());
      T& to = c[i * c_row + j * c_column];
      to = keep ? to + sum : sum;
    }
}

/// c[i, j] = a[i, :] . b[j, :] + beta c[i, j], with c[i, j] at c[i * c_row + j * c_column]. An element's bits
/// do not depend on m and n.
template <class T>
void multiply_rows_by_rows(std::int64_t m, std::int64_t n, std::int64_t k, const T* a, std::int64_t lda,
                           const T* b, std::int64_t ldb, T beta, T* c, std::int64_t c_row,
                           std::int64_t c_column) {
  const bool keep = beta != T{0};
  const auto tile = [&](auto dots, std::int64_t i, std::int64_t j) {
    dots(k, a + i * lda, lda, b + j * ldb, ldb, keep, c + i * c_row + j * c_column, c_row, c_column);
  };
  for (std::int64_t j = 0; j < n;) {
    const bool four = n - j >= 4;
    std::int64_t i = 0;
    for (; i + 2 <= m; i += 2) tile(four ? multiply_dots<T, 2, 4> : multiply_dots<T, 2, 1>, i, j);
    if (i < m) tile(four ? multiply_dots<T, 1, 4> : multiply_dots<T, 1, 1>, i, j);
    j += four ? 4 : 1;
  }
}

template <class T>
constexpr FewProduct<T> make_few_product() {
  return {multiply_few<T>, multiply_rows_by_rows<T>};
}
