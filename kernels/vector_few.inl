// A few values, fewer than a register holds, where there are no masks. Included after vector_basics.inl.

/// The first n < lanes values, in moves of fixed sizes: cheaper than a call of memcpy for a handful of
/// values.
template <class T>
inline void copy_few(const T* from, T* to, std::size_t n) {
  std::size_t at = 0;
  if constexpr (lanes < T >> 8)
    if ((n & 8) != 0) __builtin_memcpy(to, from, 8 * sizeof(T)), at = 8;
  if constexpr (lanes < T >> 4)
    if ((n & 4) != 0) __builtin_memcpy(to + at, from + at, 4 * sizeof(T)), at += 4;
  if constexpr (lanes < T >> 2)
    if ((n & 2) != 0) __builtin_memcpy(to + at, from + at, 2 * sizeof(T)), at += 2;
  if ((n & 1) != 0) to[at] = from[at];
}

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
