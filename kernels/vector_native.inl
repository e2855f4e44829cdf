// Operations that the vector extensions lack, in plain C++. Included after vector_basics.inl.

template <class T>
inline Vector<T> load_few(const T* x, std::size_t n) {
  alignas(register_bytes) T padded[lanes<T>] = {};
  copy_few(x, padded, n);
  return load(padded);
}

template <class T>
inline void store_few(T* y, Vector<T> v, std::size_t n) {
  alignas(register_bytes) T padded[lanes<T>];
  store(padded, v);
  copy_few(padded, y, n);
}

template <class T>
inline Bits<T> load_bools(const bool* x) {
  Bits<T> mask;
  for (std::size_t i = 0; i < lanes<T>; ++i) mask[i] = x[i] ? 1 : 0;
  return mask;
}

template <class T>
inline Bits<T> load_few_bools(const bool* x, std::size_t n) {
  Bits<T> mask = {};
  for (std::size_t i = 0; i < n; ++i) mask[i] = x[i] ? 1 : 0;
  return mask;
}

inline Floats fma(Floats a, Floats b, Floats c) {
  for (std::size_t i = 0; i < lanes<float>; ++i) c[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return c;
}

inline Doubles fma(Doubles a, Doubles b, Doubles c) {
  for (std::size_t i = 0; i < lanes<double>; ++i) c[i] = __builtin_fma(a[i], b[i], c[i]);
  return c;
}

inline Floats square_root(Floats x) {
  for (std::size_t i = 0; i < lanes<float>; ++i) x[i] = __builtin_sqrtf(x[i]);
  return x;
}

inline Doubles square_root(Doubles x) {
  for (std::size_t i = 0; i < lanes<double>; ++i) x[i] = __builtin_sqrt(x[i]);
  return x;
}

inline Floats at_most(Floats x, float limit) { return x > limit ? fill(limit) : x; }

inline Floats at_least(Floats x, float limit) { return x < limit ? fill(limit) : x; }

/// In two steps: the first is exact, the second rounds once, also to a denormal or to infinity.
inline Floats scale(Floats x, Floats k) {
  const Ints n = __builtin_convertvector(k, Ints);
  const Ints half = n >> 1;
  return x * from_bits((half + 127) << 23) * from_bits((n - half + 127) << 23);
}
