// Vectors of one register, in the vector extensions that GCC and Clang share: arithmetic, comparison (giving
// lanes of all ones or zeros), and `mask ? a : b` work on them as on numbers. Included into an unnamed
// namespace; see vector_table.h for why everything here stays local to the including file.

typedef float Floats __attribute__((vector_size(register_bytes)));
typedef std::int32_t Ints __attribute__((vector_size(register_bytes)));
typedef double Doubles __attribute__((vector_size(register_bytes)));
typedef double WideDoubles __attribute__((vector_size(2 * register_bytes)));
typedef std::int64_t Longs __attribute__((vector_size(register_bytes)));

template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
  typedef Floats Type;
  typedef Ints Bits;
};
template <>
struct VectorOf<double> {
  typedef Doubles Type;
  typedef Longs Bits;
};
template <class T>
using Vector = typename VectorOf<T>::Type;
/// Integers as wide as T, the results of comparisons of T.
template <class T>
using Bits = typename VectorOf<T>::Bits;

template <class T>
constexpr std::size_t lanes = register_bytes / sizeof(T);

constexpr float infinity = __builtin_inff();
constexpr float nan = __builtin_nanf("");

template <class T>
inline Vector<T> fill(T value) {
  return value - Vector<T>{};  // minus zero, unlike plus, preserves the sign of a zero
}

template <class T>
inline Vector<T> load(const T* x) {
  Vector<T> v;
  __builtin_memcpy(&v, x, sizeof v);
  return v;
}

template <class T>
inline void store(T* y, Vector<T> v) {
  __builtin_memcpy(y, &v, sizeof v);
}

/// Copies n < 16 values in moves of fixed sizes: cheaper than a call of memcpy for few values.
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

/// @name Defined in vector_native*.inl
/// @{

/// The first n < lanes values, not reading beyond them; the other lanes are zero.
template <class T>
inline Vector<T> load_few(const T* x, std::size_t n);
template <class T>
inline void store_few(T* y, Vector<T> v, std::size_t n);

/// A register of bools, each as an integer that is nonzero if it is true.
template <class T>
inline Bits<T> load_bools(const bool* x);
/// The same for the first n < lanes.
template <class T>
inline Bits<T> load_few_bools(const bool* x, std::size_t n);

/// a b + c, rounded once.
inline Floats fma(Floats a, Floats b, Floats c);
inline Doubles fma(Doubles a, Doubles b, Doubles c);

inline Floats square_root(Floats x);
inline Doubles square_root(Doubles x);

/// min(x, limit), or max for at_least; NaN stays NaN.
inline Floats at_most(Floats x, float limit);
inline Floats at_least(Floats x, float limit);

/// x 2^k for integers -200 < k < 200 and 1/2 <= x < 2, rounded once.
inline Floats scale(Floats x, Floats k);
/// @}

inline Floats fma(Floats a, Floats b, float c) { return fma(a, b, fill(c)); }
inline Floats fma(Floats a, float b, Floats c) { return fma(a, fill(b), c); }
inline Floats fma(Floats a, float b, float c) { return fma(a, fill(b), fill(c)); }

inline Ints bits_of(Floats x) { return __builtin_bit_cast(Ints, x); }
inline Floats from_bits(Ints x) { return __builtin_bit_cast(Floats, x); }

/// y[i] = f(x[i]). The rest after the last whole register is loaded and stored separately: with a register
/// that overlaps the one before, a later load of y would wait for both stores to reach the cache. y may be x.
template <class T, class F>
inline void map(const T* x, T* y, std::size_t n, F f) {
  std::size_t i = 0;
  for (; i + lanes<T> <= n; i += lanes<T>) store(y + i, f(load(x + i)));
  if (i < n) store_few(y + i, f(load_few(x + i, n - i)), n - i);
}

/// y[i] = f(a[i], b[i]), in the same way.
template <class T, class F>
inline void zip(const T* a, const T* b, T* y, std::size_t n, F f) {
  std::size_t i = 0;
  for (; i + lanes<T> <= n; i += lanes<T>) store(y + i, f(load(a + i), load(b + i)));
  if (i < n) store_few(y + i, f(load_few(a + i, n - i), load_few(b + i, n - i)), n - i);
}
