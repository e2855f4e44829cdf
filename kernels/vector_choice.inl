// Functions that select between values, lane by lane. Included after vector_functions.inl, for the
// exponentials of elu and gelu_tanh.

/// All bits except the sign.
template <class T>
constexpr auto magnitude_bits = static_cast<std::int64_t>(0x7fffffffffffffff);
template <>
constexpr auto magnitude_bits<float> = static_cast<std::int32_t>(0x7fffffff);

template <class T>
inline Vector<T> magnitude(Vector<T> x) {
  return __builtin_bit_cast(Vector<T>, __builtin_bit_cast(Bits<T>, x) & magnitude_bits<T>);
}

template <class T>
inline Vector<T> signed_like(Vector<T> magnitude, Vector<T> sign) {
  return __builtin_bit_cast(Vector<T>, __builtin_bit_cast(Bits<T>, magnitude) |
                                           (__builtin_bit_cast(Bits<T>, sign) & ~magnitude_bits<T>));
}

/// The nearest integer, of two that are equally near the even one.
template <class T>
inline Vector<T> round_of(Vector<T> x) {
  // From here on all numbers are integers; adding it to smaller ones rounds them.
  constexpr T whole = sizeof(T) == 4 ? T{8388608} : T{4503599627370496};
  const Vector<T> size = magnitude<T>(x);
  const Vector<T> nearest = signed_like<T>((size + whole) - whole, x);
  return size < whole ? nearest : x;
}

template <class T>
inline Vector<T> floor_of(Vector<T> x) {
  const Vector<T> nearest = round_of<T>(x);
  return nearest > x ? nearest - T{1} : nearest;
}

template <class T>
void negate(const T* x, T* y, std::size_t n) {
  map(x, y, n, [](Vector<T> v) { return -v; });
}

template <class T>
void square(const T* x, T* y, std::size_t n) {
  map(x, y, n, [](Vector<T> v) { return v * v; });
}

template <class T>
void abs(const T* x, T* y, std::size_t n) {
  map(x, y, n, [](Vector<T> v) { return magnitude<T>(v); });
}

template <class T>
void floor(const T* x, T* y, std::size_t n) {
  map(x, y, n, [](Vector<T> v) { return floor_of<T>(v); });
}

template <class T>
void ceil(const T* x, T* y, std::size_t n) {
  map(x, y, n, [](Vector<T> v) { return -floor_of<T>(-v); });
}

template <class T>
void trunc(const T* x, T* y, std::size_t n) {
  map(x, y, n, [](Vector<T> v) { return signed_like<T>(floor_of<T>(magnitude<T>(v)), v); });
}

template <class T>
void round(const T* x, T* y, std::size_t n) {
  map(x, y, n, [](Vector<T> v) { return round_of<T>(v); });
}

template <class T>
void relu(const T* x, T* y, std::size_t n) {
  map(x, y, n, [](Vector<T> v) { return v <= T{0} ? Vector<T>{} : v; });
}

template <class T>
void leaky_relu(T slope, const T* x, T* y, std::size_t n) {
  map(x, y, n, [slope](Vector<T> v) { return v > T{0} ? v : slope * v; });
}

template <class T>
void clamp(T low, T high, const T* x, T* y, std::size_t n) {
  const Vector<T> least = fill(low);
  const Vector<T> most = fill(high);
  map(x, y, n, [least, most](Vector<T> v) {
    const Vector<T> below = v > most ? most : v;
    return v < least ? least : below;
  });
}

inline void elu(float alpha, const float* x, float* y, std::size_t n) {
  map(x, y, n, [alpha](Floats v) { return v <= 0.0f ? alpha * expm1_of(v) : v; });
}

inline void gelu_tanh(const float* x, float* y, std::size_t n) {
  // (1 + tanh(u)) / 2 = sigmoid(2u), which is accurate in the left tail.
  map(x, y, n, [](Floats v) {
    const Floats inner = 1.59576912f * fma(0.044715f * v * v, v, v);
    const Floats below = sigmoid_of(inner);
    return below == 0.0f ? Floats{} : v * below;
  });
}

/// y[i] = f(conditions, i) for whole registers, where f reads operands by `load`; the last register, which
/// overlaps the one before, is read before anything is written. Likewise for less than a register.
template <class T, class Whole, class Few>
inline void map_bools(const bool* condition, T* y, std::size_t n, Whole whole, Few few) {
  if (n < lanes<T>) {
    if (n != 0) store_few(y, few(load_few_bools<T>(condition, n) != 0), n);
    return;
  }
  const std::size_t last = n - lanes<T>;
  const Vector<T> tail = whole(load_bools<T>(condition + last) != 0, last);
  for (std::size_t i = 0; i < last; i += lanes<T>) store(y + i, whole(load_bools<T>(condition + i) != 0, i));
  store(y + last, tail);
}

template <class T>
void where(const bool* condition, const T* a, std::int64_t stride_a, const T* b, std::int64_t stride_b, T* y,
           std::size_t n) {
  if (n == 0) return;
  const Vector<T> first_a = fill(*a);
  const Vector<T> first_b = fill(*b);
  if (stride_a != 0 && stride_b != 0)
    map_bools(
        condition, y, n, [=](Bits<T> mask, std::size_t i) { return mask ? load(a + i) : load(b + i); },
        [=](Bits<T> mask) { return mask ? load_few(a, n) : load_few(b, n); });
  else if (stride_a != 0)
    map_bools(
        condition, y, n, [=](Bits<T> mask, std::size_t i) { return mask ? load(a + i) : first_b; },
        [=](Bits<T> mask) { return mask ? load_few(a, n) : first_b; });
  else if (stride_b != 0)
    map_bools(
        condition, y, n, [=](Bits<T> mask, std::size_t i) { return mask ? first_a : load(b + i); },
        [=](Bits<T> mask) { return mask ? first_a : load_few(b, n); });
  else
    map_bools(
        condition, y, n, [=](Bits<T> mask, std::size_t) { return mask ? first_a : first_b; },
        [=](Bits<T> mask) { return mask ? first_a : first_b; });
}

template <class T>
constexpr Choice<T> make_choice() {
  return {negate<T>, square<T>, abs<T>,        floor<T>, ceil<T>, trunc<T>,
          round<T>,  relu<T>,   leaky_relu<T>, clamp<T>, where<T>};
}

constexpr Kernels make_kernels(const char* name) {
  return {name,
          map_function<exp_of>,
          map_function<expm1_of>,
          map_function<log_of>,
          map_function<log1p_of>,
          map_function<tanh_of>,
          map_function<sigmoid_of>,
          map_function<softplus_of>,
          map_function<sin_of>,
          map_function<cos_of>,
          map_function<erf_of>,
          gelu_tanh,
          elu,
          make_arithmetic<float>(),
          make_arithmetic<double>(),
          make_packed_product<float>(),
          make_packed_product<double>(),
          make_few_product<float>(),
          make_few_product<double>(),
          make_choice<float>(),
          make_choice<double>()};
}
