// A few values, fewer than a register holds, with AVX-512's masks. Included after vector_basics.inl.

template <class T>
inline Vector<T> load_few(const T* x, std::size_t n) {
  const unsigned mask = (1u << n) - 1u;
  if constexpr (sizeof(T) == 4)
    return __builtin_bit_cast(Vector<T>, _mm512_maskz_loadu_ps(static_cast<__mmask16>(mask), x));
  else
    return __builtin_bit_cast(Vector<T>, _mm512_maskz_loadu_pd(static_cast<__mmask8>(mask), x));
}

template <class T>
inline void store_few(T* y, Vector<T> v, std::size_t n) {
  const unsigned mask = (1u << n) - 1u;
  if constexpr (sizeof(T) == 4)
    _mm512_mask_storeu_ps(y, static_cast<__mmask16>(mask), __builtin_bit_cast(__m512, v));
  else
    _mm512_mask_storeu_pd(y, static_cast<__mmask8>(mask), __builtin_bit_cast(__m512d, v));
}
