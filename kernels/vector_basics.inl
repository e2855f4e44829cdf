// Vectors of one register, in the vector extensions that GCC and Clang share: arithmetic, comparison (giving
// lanes of all ones or zeros), and `mask ? a : b` work on them as on numbers. Included into an unnamed
// namespace; see vector_table.h for why everything here stays local to the file that includes it.

typedef float Floats __attribute__((vector_size(register_bytes)));
typedef std::int32_t Ints __attribute__((vector_size(register_bytes)));
typedef double Doubles __attribute__((vector_size(register_bytes)));
typedef double WideDoubles __attribute__((vector_size(2 * register_bytes)));

template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
  typedef Floats Type;
};
template <>
struct VectorOf<double> {
  typedef Doubles Type;
};
template <class T>
using Vector = typename VectorOf<T>::Type;

template <class T>
constexpr std::size_t lanes = register_bytes / sizeof(T);

constexpr float infinity = __builtin_inff();
constexpr float nan = __builtin_nanf("");

template <class T>
inline Vector<T> fill(T value) {
  return value - Vector<T>{};  // minus zero, unlike plus, keeps the sign of a zero
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

/// The first n < lanes values, and nothing beyond them; the other lanes are zero. Defined in vector_few*.inl.
template <class T>
inline Vector<T> load_few(const T* x, std::size_t n);
template <class T>
inline void store_few(T* y, Vector<T> v, std::size_t n);

inline Ints bits_of(Floats x) { return __builtin_bit_cast(Ints, x); }
inline Floats from_bits(Ints x) { return __builtin_bit_cast(Floats, x); }

/// y[i] = f(x[i]). What is left after the last whole register is computed as the last whole register of the
/// array, overlapping the one before; it is read before anything is written, so that y may be x.
template <class T, class F>
inline void map(const T* x, T* y, std::size_t n, F f) {
  if (n < lanes<T>) {
    if (n != 0) store_few(y, f(load_few(x, n)), n);
    return;
  }
  const std::size_t last = n - lanes<T>;
  const Vector<T> tail = load(x + last);
  for (std::size_t i = 0; i < n; i += lanes<T>) {
    const bool whole = i <= last;
    const Vector<T> v = whole ? load(x + i) : tail;
    store(y + (whole ? i : last), f(v));
  }
}

/// y[i] = f(a[i], b[i]), in the same way.
template <class T, class F>
inline void zip(const T* a, const T* b, T* y, std::size_t n, F f) {
  if (n < lanes<T>) {
    if (n != 0) store_few(y, f(load_few(a, n), load_few(b, n)), n);
    return;
  }
  const std::size_t last = n - lanes<T>;
  const Vector<T> tail_a = load(a + last);
  const Vector<T> tail_b = load(b + last);
  for (std::size_t i = 0; i < n; i += lanes<T>) {
    const bool whole = i <= last;
    const Vector<T> va = whole ? load(a + i) : tail_a;
    const Vector<T> vb = whole ? load(b + i) : tail_b;
    store(y + (whole ? i : last), f(va, vb));
  }
}
