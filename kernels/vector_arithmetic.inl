// Arithmetic and reductions over arrays of float or double. Included after vector_basics.inl.

/// zip() for operands of which either may be a single value.
template <class T, class F>
inline void zip_strided(const T* a, std::int64_t stride_a, const T* b, std::int64_t stride_b, T* y,
                        std::size_t n, F f) {
  if (n == 0) return;
  if (stride_a != 0 && stride_b != 0) {
    zip(a, b, y, n, f);
  } else if (stride_a != 0) {
    const Vector<T> vb = fill(*b);
    map(a, y, n, [f, vb](Vector<T> va) { return f(va, vb); });
  } else if (stride_b != 0) {
    const Vector<T> va = fill(*a);
    map(b, y, n, [f, va](Vector<T> vb) { return f(va, vb); });
  } else {
    const Vector<T> value = f(fill(*a), fill(*b));
    map(y, y, n, [value](Vector<T>) { return value; });
  }
}

template <class T>
void add(const T* a, std::int64_t stride_a, const T* b, std::int64_t stride_b, T* y, std::size_t n) {
  zip_strided(a, stride_a, b, stride_b, y, n, [](Vector<T> va, Vector<T> vb) { return va + vb; });
}

template <class T>
void subtract(const T* a, std::int64_t stride_a, const T* b, std::int64_t stride_b, T* y, std::size_t n) {
  zip_strided(a, stride_a, b, stride_b, y, n, [](Vector<T> va, Vector<T> vb) { return va - vb; });
}

template <class T>
void multiply(const T* a, std::int64_t stride_a, const T* b, std::int64_t stride_b, T* y, std::size_t n) {
  zip_strided(a, stride_a, b, stride_b, y, n, [](Vector<T> va, Vector<T> vb) { return va * vb; });
}

template <class T>
void multiply_no_nan(const T* a, std::int64_t stride_a, const T* b, std::int64_t stride_b, T* y,
                     std::size_t n) {
  zip_strided(a, stride_a, b, stride_b, y, n,
              [](Vector<T> va, Vector<T> vb) { return vb == T{0} ? Vector<T>{} : va * vb; });
}

template <class T>
void divide_keep_zeros(const T* a, std::int64_t stride_a, const T* b, std::int64_t stride_b, T* y,
                       std::size_t n) {
  zip_strided(a, stride_a, b, stride_b, y, n,
              [](Vector<T> va, Vector<T> vb) { return va == T{0} ? Vector<T>{} : va / vb; });
}

template <class T>
void divide(const T* a, std::int64_t stride_a, const T* b, std::int64_t stride_b, T* y, std::size_t n) {
  zip_strided(a, stride_a, b, stride_b, y, n, [](Vector<T> va, Vector<T> vb) { return va / vb; });
}

template <class T>
inline Vector<T> larger(Vector<T> a, Vector<T> b) {
  const Vector<T> number = a > b ? a : b;  // b if either is NaN
  return a == a ? number : a;
}

template <class T>
void maximum(const T* a, std::int64_t stride_a, const T* b, std::int64_t stride_b, T* y, std::size_t n) {
  zip_strided(a, stride_a, b, stride_b, y, n, [](Vector<T> va, Vector<T> vb) { return larger<T>(va, vb); });
}

template <class T>
void minimum(const T* a, std::int64_t stride_a, const T* b, std::int64_t stride_b, T* y, std::size_t n) {
  zip_strided(a, stride_a, b, stride_b, y, n, [](Vector<T> va, Vector<T> vb) {
    const Vector<T> number = va < vb ? va : vb;
    return va == va ? number : va;
  });
}

template <class T>
void sqrt(const T* x, T* y, std::size_t n) {
  map(x, y, n, [](Vector<T> v) { return square_root(v); });
}

template <class T>
void rsqrt(const T* x, T* y, std::size_t n) {
  map(x, y, n, [](Vector<T> v) { return T{1} / square_root(v); });
}

/// Reductions keep this many lanes whatever the width of a register, so that the order of operations is the
/// same on every instruction set; several registers of them also hide the latency of the additions.
template <class T>
constexpr std::size_t reduction_lanes = 128 / sizeof(T);

template <class T>
struct Lanes {
  static constexpr std::size_t registers = reduction_lanes<T> / lanes<T>;
  Vector<T> v[registers];
};

/// accumulate(lane, i) for whole rows of lanes i = 0, 128 / sizeof(T), ...; the caller pads the rest.
template <class T, class F>
inline void over_rows(std::size_t n, F accumulate) {
  for (std::size_t i = 0; i + reduction_lanes<T> <= n; i += reduction_lanes<T>)
    for (std::size_t r = 0; r < Lanes<T>::registers; ++r) accumulate(r, i + r * lanes<T>);
}

template <class T>
inline T add_lanes(const Lanes<T>& sums) {
  T lane[reduction_lanes<T>];
  __builtin_memcpy(lane, sums.v, sizeof lane);
  for (std::size_t width = reduction_lanes<T> / 2; width > 0; width /= 2)
    for (std::size_t i = 0; i < width; ++i) lane[i] += lane[i + width];
  return lane[0];
}

/// Sums blocks sequentially and combines their sums pairwise, in the order of a binary counter's carries.
template <class T, class Block>
inline T pairwise(std::size_t n, Block block) {
  constexpr std::size_t size = 2048;
  T waiting[64];
  std::size_t depth = 0;
  std::size_t blocks = 0;
  for (std::size_t begin = 0; begin < n; begin += size, ++blocks) {
    T total = block(begin, n - begin < size ? n - begin : size);
    for (std::size_t carry = blocks; (carry & 1) != 0; carry >>= 1) total = waiting[--depth] + total;
    waiting[depth++] = total;
  }
  T total = 0;
  while (depth > 0) total = waiting[--depth] + total;
  return total;
}

template <class T>
T sum(const T* x, std::size_t n) {
  return pairwise<T>(n, [x](std::size_t begin, std::size_t count) {
    const T* from = x + begin;
    Lanes<T> sums = {};
    over_rows<T>(count, [&](std::size_t r, std::size_t i) { sums.v[r] += load(from + i); });
    if (const std::size_t rest = count % reduction_lanes<T>; rest != 0) {
      T padded[reduction_lanes<T>] = {};
      for (std::size_t i = 0; i < rest; ++i) padded[i] = from[count - rest + i];
      for (std::size_t r = 0; r < Lanes<T>::registers; ++r) sums.v[r] += load(padded + r * lanes<T>);
    }
    return add_lanes<T>(sums);
  });
}

template <class T>
T sum_but_ones(const T* x, std::size_t n, std::size_t* ones) {
  Lanes<T> sums = {};
  Bits<T> counts = {};
  const auto add = [&](std::size_t r, Vector<T> v) {
    const Bits<T> is_one = v == T{1};
    sums.v[r] += is_one ? Vector<T>{} : v;
    counts -= is_one;  // true is -1
  };
  over_rows<T>(n, [&](std::size_t r, std::size_t i) { add(r, load(x + i)); });
  if (const std::size_t rest = n % reduction_lanes<T>; rest != 0) {
    T padded[reduction_lanes<T>] = {};
    for (std::size_t i = 0; i < rest; ++i) padded[i] = x[n - rest + i];
    for (std::size_t r = 0; r < Lanes<T>::registers; ++r) add(r, load(padded + r * lanes<T>));
  }
  *ones = 0;
  for (std::size_t i = 0; i < lanes<T>; ++i) *ones += static_cast<std::size_t>(counts[i]);
  return add_lanes<T>(sums);
}

template <class T>
T dot(const T* a, const T* b, std::size_t n) {
  return pairwise<T>(n, [a, b](std::size_t begin, std::size_t count) {
    const T* from_a = a + begin;
    const T* from_b = b + begin;
    Lanes<T> sums = {};
    over_rows<T>(count, [&](std::size_t r, std::size_t i) {
      sums.v[r] = fma(load(from_a + i), load(from_b + i), sums.v[r]);
    });
    if (const std::size_t rest = count % reduction_lanes<T>; rest != 0) {
      T padded_a[reduction_lanes<T>] = {};
      T padded_b[reduction_lanes<T>] = {};
      for (std::size_t i = 0; i < rest; ++i) {
        padded_a[i] = from_a[count - rest + i];
        padded_b[i] = from_b[count - rest + i];
      }
      for (std::size_t r = 0; r < Lanes<T>::registers; ++r)
        sums.v[r] = fma(load(padded_a + r * lanes<T>), load(padded_b + r * lanes<T>), sums.v[r]);
    }
    return add_lanes<T>(sums);
  });
}

template <class T>
T max(const T* x, std::size_t n) {
  Lanes<T> best;
  for (auto& v : best.v) v = fill(static_cast<T>(-infinity));
  over_rows<T>(n, [&](std::size_t r, std::size_t i) { best.v[r] = larger<T>(best.v[r], load(x + i)); });
  for (std::size_t r = Lanes<T>::registers / 2; r > 0; r /= 2)
    for (std::size_t i = 0; i < r; ++i) best.v[i] = larger<T>(best.v[i], best.v[i + r]);
  const auto larger_number = [](T a, T b) { return a > b || a != a ? a : b; };
  T lane[lanes<T>];
  store(lane, best.v[0]);
  for (std::size_t width = lanes<T> / 2; width > 0; width /= 2)
    for (std::size_t i = 0; i < width; ++i) lane[i] = larger_number(lane[i], lane[i + width]);
  for (std::size_t i = n - n % reduction_lanes<T>; i < n; ++i) lane[0] = larger_number(lane[0], x[i]);
  return lane[0];
}

/// Streams the rows while the sums of `registers` registers of columns stay in place.
template <class T, std::size_t registers>
inline void add_rows_of_block(const T* const* rows, std::size_t count, std::size_t column, T* y) {
  Vector<T> sums[registers] = {};
  constexpr std::size_t ahead = 8;
  for (std::size_t i = 0; i < count; ++i) {
    if (i + ahead < count)
      for (std::size_t r = 0; r < registers; ++r) __builtin_prefetch(rows[i + ahead] + column + r * lanes<T>);
    for (std::size_t r = 0; r < registers; ++r) sums[r] += load(rows[i] + column + r * lanes<T>);
  }
  for (std::size_t r = 0; r < registers; ++r) {
    T* to = y + column + r * lanes<T>;
    store(to, load(to) + sums[r]);
  }
}

template <class T>
void add_rows(const T* const* rows, std::size_t count, T* y, std::size_t n) {
  std::size_t j = 0;
  for (; j + 8 * lanes<T> <= n; j += 8 * lanes<T>) add_rows_of_block<T, 8>(rows, count, j, y);
  for (; j + 4 * lanes<T> <= n; j += 4 * lanes<T>) add_rows_of_block<T, 4>(rows, count, j, y);
  for (; j + lanes<T> <= n; j += lanes<T>) add_rows_of_block<T, 1>(rows, count, j, y);
  if (const std::size_t rest = n - j; rest != 0) {
    Vector<T> sum = {};
    for (std::size_t i = 0; i < count; ++i) sum += load_few(rows[i] + j, rest);
    store_few(y + j, load_few(y + j, rest) + sum, rest);
  }
}

template <class T>
void axpy(T alpha, const T* x, T* y, std::size_t n) {
  const Vector<T> factor = fill(alpha);
  zip(x, y, y, n, [factor](Vector<T> vx, Vector<T> vy) { return fma(factor, vx, vy); });
}

template <class T>
constexpr Arithmetic<T> make_arithmetic() {
  return {add<T>,
          subtract<T>,
          multiply<T>,
          multiply_no_nan<T>,
          divide_keep_zeros<T>,
          divide<T>,
          maximum<T>,
          minimum<T>,
          sqrt<T>,
          rsqrt<T>,
          sum<T>,
          sum_but_ones<T>,
          max<T>,
          dot<T>,
          add_rows<T>,
          axpy<T>,
          multiply_rows<T>};
}
