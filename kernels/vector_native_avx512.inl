// Operations that the vector extensions lack, with AVX-512. Included after vector_basics.inl. The forms with
// a mask of all lanes avoid false warnings of g++ 12 about uninitialised values.

/// Halves and quarters of a register are moved whole: a store is forwarded to a load only if it covers all of
/// the load, and never if it was masked.
template <class T>
inline Vector<T> load_few(const T* x, std::size_t n) {
  const auto* floats = reinterpret_cast<const float*>(x);
  if (n * sizeof(T) == 16)
    return __builtin_bit_cast(Vector<T>,
                              _mm512_maskz_insertf32x4(0xffff, _mm512_setzero_ps(), _mm_loadu_ps(floats), 0));
  if (n * sizeof(T) == 32)
    return __builtin_bit_cast(
        Vector<T>, _mm512_maskz_insertf32x8(0xffff, _mm512_setzero_ps(), _mm256_loadu_ps(floats), 0));
  const unsigned mask = (1u << n) - 1u;
  if constexpr (sizeof(T) == 4)
    return __builtin_bit_cast(Vector<T>, _mm512_maskz_loadu_ps(static_cast<__mmask16>(mask), x));
  else
    return __builtin_bit_cast(Vector<T>, _mm512_maskz_loadu_pd(static_cast<__mmask8>(mask), x));
}

template <class T>
inline void store_few(T* y, Vector<T> v, std::size_t n) {
  const auto floats = __builtin_bit_cast(Floats, v);
  if (n * sizeof(T) == 16) {
    const auto quarter = __builtin_shufflevector(floats, floats, 0, 1, 2, 3);
    __builtin_memcpy(y, &quarter, sizeof quarter);
    return;
  }
  if (n * sizeof(T) == 32) {
    const auto half = __builtin_shufflevector(floats, floats, 0, 1, 2, 3, 4, 5, 6, 7);
    __builtin_memcpy(y, &half, sizeof half);
    return;
  }
  const unsigned mask = (1u << n) - 1u;
  if constexpr (sizeof(T) == 4)
    _mm512_mask_storeu_ps(y, static_cast<__mmask16>(mask), __builtin_bit_cast(__m512, v));
  else
    _mm512_mask_storeu_pd(y, static_cast<__mmask8>(mask), __builtin_bit_cast(__m512d, v));
}

template <class T>
inline Bits<T> load_bools(const bool* x) {
  if constexpr (sizeof(T) == 4) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(x));
    return __builtin_bit_cast(Bits<T>, _mm512_maskz_cvtepi8_epi32(0xffff, bytes));
  } else {
    std::int64_t bytes;
    __builtin_memcpy(&bytes, x, sizeof bytes);
    return __builtin_bit_cast(Bits<T>, _mm512_maskz_cvtepi8_epi64(0xff, _mm_cvtsi64_si128(bytes)));
  }
}

template <class T>
inline Bits<T> load_few_bools(const bool* x, std::size_t n) {
  const __m128i bytes = _mm_maskz_loadu_epi8(static_cast<__mmask16>((1u << n) - 1u), x);
  if constexpr (sizeof(T) == 4)
    return __builtin_bit_cast(Bits<T>, _mm512_maskz_cvtepi8_epi32(0xffff, bytes));
  else
    return __builtin_bit_cast(Bits<T>, _mm512_maskz_cvtepi8_epi64(0xff, bytes));
}

inline Floats fma(Floats a, Floats b, Floats c) {
  return __builtin_bit_cast(Floats,
                            _mm512_fmadd_ps(__builtin_bit_cast(__m512, a), __builtin_bit_cast(__m512, b),
                                            __builtin_bit_cast(__m512, c)));
}

inline Doubles fma(Doubles a, Doubles b, Doubles c) {
  return __builtin_bit_cast(Doubles,
                            _mm512_fmadd_pd(__builtin_bit_cast(__m512d, a), __builtin_bit_cast(__m512d, b),
                                            __builtin_bit_cast(__m512d, c)));
}

inline Floats square_root(Floats x) {
  return __builtin_bit_cast(Floats, _mm512_maskz_sqrt_ps(0xffff, __builtin_bit_cast(__m512, x)));
}

inline Doubles square_root(Doubles x) {
  return __builtin_bit_cast(Doubles, _mm512_maskz_sqrt_pd(0xff, __builtin_bit_cast(__m512d, x)));
}

// The instructions return their second operand if either is NaN.
inline Floats at_most(Floats x, float limit) {
  return __builtin_bit_cast(
      Floats, _mm512_maskz_min_ps(0xffff, _mm512_set1_ps(limit), __builtin_bit_cast(__m512, x)));
}

inline Floats at_least(Floats x, float limit) {
  return __builtin_bit_cast(
      Floats, _mm512_maskz_max_ps(0xffff, _mm512_set1_ps(limit), __builtin_bit_cast(__m512, x)));
}

inline Floats scale(Floats x, Floats k) {
  return __builtin_bit_cast(
      Floats, _mm512_maskz_scalef_ps(0xffff, __builtin_bit_cast(__m512, x), __builtin_bit_cast(__m512, k)));
}
