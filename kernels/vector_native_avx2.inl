// Operations that the vector extensions lack, with AVX2. Included after vector_basics.inl.

/// All ones in the first n lanes.
template <class T>
inline __m256i first_lanes(std::size_t n) {
  alignas(32) static constexpr std::int32_t ones_then_zeros[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
  return _mm256_loadu_si256(
      reinterpret_cast<const __m256i*>(ones_then_zeros + 8 - n * (sizeof(T) / sizeof(std::int32_t))));
}

template <class T>
inline Vector<T> load_few(const T* x, std::size_t n) {
  // Half a register at once: if it was stored as such, the store is forwarded to this load only if the load
  // is no larger.
  if (n * sizeof(T) == 16)
    return __builtin_bit_cast(Vector<T>,
                              _mm256_zextps128_ps256(_mm_loadu_ps(reinterpret_cast<const float*>(x))));
  if constexpr (sizeof(T) == 4)
    return __builtin_bit_cast(Vector<T>, _mm256_maskload_ps(x, first_lanes<T>(n)));
  else
    return __builtin_bit_cast(Vector<T>, _mm256_maskload_pd(x, first_lanes<T>(n)));
}

/// Not a masked store: some machines take dozens of cycles for one.
template <class T>
inline void store_few(T* y, Vector<T> v, std::size_t n) {
  alignas(register_bytes) T padded[lanes<T>];
  store(padded, v);
  copy_few(padded, y, n);
}

template <class T>
inline Bits<T> load_bools(const bool* x) {
  if constexpr (sizeof(T) == 4) {
    std::int64_t bytes;
    __builtin_memcpy(&bytes, x, sizeof bytes);
    return __builtin_bit_cast(Bits<T>, _mm256_cvtepi8_epi32(_mm_cvtsi64_si128(bytes)));
  } else {
    std::int32_t bytes;
    __builtin_memcpy(&bytes, x, sizeof bytes);
    return __builtin_bit_cast(Bits<T>, _mm256_cvtepi8_epi64(_mm_cvtsi32_si128(bytes)));
  }
}

/// Assembled in a general-purpose register: byte stores could not be forwarded to a load of one word.
template <class T>
inline Bits<T> load_few_bools(const bool* x, std::size_t n) {
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < n; ++i) bytes |= static_cast<std::uint64_t>(x[i]) << (8 * i);
  bool padded[sizeof bytes];
  __builtin_memcpy(padded, &bytes, sizeof bytes);
  return load_bools<T>(padded);
}

inline Floats fma(Floats a, Floats b, Floats c) {
  return __builtin_bit_cast(Floats,
                            _mm256_fmadd_ps(__builtin_bit_cast(__m256, a), __builtin_bit_cast(__m256, b),
                                            __builtin_bit_cast(__m256, c)));
}

inline Doubles fma(Doubles a, Doubles b, Doubles c) {
  return __builtin_bit_cast(Doubles,
                            _mm256_fmadd_pd(__builtin_bit_cast(__m256d, a), __builtin_bit_cast(__m256d, b),
                                            __builtin_bit_cast(__m256d, c)));
}

inline Floats square_root(Floats x) {
  return __builtin_bit_cast(Floats, _mm256_sqrt_ps(__builtin_bit_cast(__m256, x)));
}

inline Doubles square_root(Doubles x) {
  return __builtin_bit_cast(Doubles, _mm256_sqrt_pd(__builtin_bit_cast(__m256d, x)));
}

// The instructions return their second operand if either is NaN.
inline Floats at_most(Floats x, float limit) {
  return __builtin_bit_cast(Floats, _mm256_min_ps(_mm256_set1_ps(limit), __builtin_bit_cast(__m256, x)));
}

inline Floats at_least(Floats x, float limit) {
  return __builtin_bit_cast(Floats, _mm256_max_ps(_mm256_set1_ps(limit), __builtin_bit_cast(__m256, x)));
}

/// In two steps: the first is exact, the second rounds once, also to a denormal or to infinity.
inline Floats scale(Floats x, Floats k) {
  const Ints n = __builtin_convertvector(k, Ints);
  const Ints half = n >> 1;
  return x * from_bits((half + 127) << 23) * from_bits((n - half + 127) << 23);
}
