// The functions of vector_math.h for float. Included after vector_arithmetic.inl. The polynomials are minimax
// fits with the weights given beside them; fma marks every fused multiply-add, and compilers fuse no others
// (-ffp-contract=off), so the bits are the same from every compiler and on every instruction set.

inline Floats absolute(Floats x) { return from_bits(bits_of(x) & 0x7fffffff); }
inline Floats with_sign_of(Floats magnitude, Floats sign) {
  return from_bits(bits_of(magnitude) | (bits_of(sign) & static_cast<std::int32_t>(0x80000000)));
}

/// 2^n for -126 <= n <= 127.
inline Floats power_of_two(Ints n) { return from_bits((n + 127) << 23); }

/// exp(x) = 2^n (1 + q), with |q| < 0.42 and small relative error. k is n as a float.
struct Exponential {
  Ints n;
  Floats k;
  Floats q;
};

/// For |x| < 1000.
inline Exponential split_exp(Floats x) {
  // Adding 1.5 * 2^23 leaves no fraction bits: it rounds, and the low bits of the sum are the integer.
  constexpr float shift = 12582912.0f;
  const Floats shifted = fma(x, 1.44269504f, shift);
  const Floats k = shifted - shift;
  // ln 2 in two parts; k times the first is exact.
  const Floats r = fma(k, 2.12194440e-4f, fma(k, -0.693359375f, x));
  // (exp(r) - 1 - r) / r^2 on |r| <= ln(2) / 2, to 2^-26 of r.
  Floats p = fma(r, 0.001394640163f, 0.008366566792f);
  p = fma(p, r, 0.0416662828f);
  p = fma(p, r, 0.1666654315f);
  p = fma(p, r, 0.5000000062f);
  return {bits_of(shifted) - 0x4b400000, k, fma(r * r, p, r)};
}

/// exp(x) for x < 1000.
inline Floats exp_of_moderate(Floats x) {
  const Exponential e = split_exp(at_least(x, -104.0f));  // gives zero
  return scale(1.0f + e.q, e.k);
}

inline Floats exp_of(Floats x) {
  return exp_of_moderate(at_most(x, 89.0f));  // gives infinity
}

/// (exp(x) - 1) / 2 for -86 < x < 89: halved because 2^128 is not a float.
inline Floats half_expm1(Floats x) {
  const Exponential e = split_exp(x);
  const Floats scale = power_of_two(e.n - 1);
  return fma(scale, e.q, scale - 0.5f);
}

inline Floats expm1_of(Floats x) {
  Floats y = at_least(at_most(x, 89.0f), -20.0f);  // limits: infinity, minus one
  y = 2.0f * half_expm1(y);
  return absolute(x) < 1e-8f ? x : y;  // preserves zeros and denormals
}

/// log(u) + rest for normal u > 0 times 2^exponent; rest is small.
inline Floats log_of_normal(Floats u, Ints exponent, Floats rest) {
  // u = 2^k m with sqrt(1/2) <= m < sqrt(2).
  // Without the sign, which callers handle, no difference overflows.
  const Ints bits = bits_of(u) & 0x7fffffff;
  const Ints k = (bits - 0x3f3504f3) >> 23;
  const Floats f = from_bits(bits - (k << 23)) - 1.0f;
  const Floats e = __builtin_convertvector(k + exponent, Floats);
  // (log(1 + f) - f + f^2 / 2) / f^3, to 2^-30 of log(1 + f).
  Floats p = fma(f, 0.06746443523f, -0.1167561447f);
  p = fma(p, f, 0.1188823233f);
  p = fma(p, f, -0.1240559874f);
  p = fma(p, f, 0.1421954344f);
  p = fma(p, f, -0.1666799507f);
  p = fma(p, f, 0.2000211913f);
  p = fma(p, f, -0.2500000962f);
  p = fma(p, f, 0.333333126f);
  const Floats square = f * f;
  Floats small = square * f * p;
  small = fma(e, -2.12194440e-4f, small);
  small = small + rest;
  small = fma(square, -0.5f, small);
  return fma(e, 0.693359375f, f + small);
}

inline Floats log_of(Floats x) {
  const Ints denormal = x < 1.17549435e-38f;
  const Floats scaled = denormal ? x * 8388608.0f : x;
  Floats y = log_of_normal(scaled, denormal & -23, Floats{});
  y = x < infinity ? y : x;  // infinity and NaN
  y = x < 0.0f ? Floats{} + nan : y;
  return x == 0.0f ? Floats{} - infinity : y;
}

inline Floats log1p_of(Floats x) {
  const Floats u = 1.0f + x;
  // The rounding error of u, exactly; log(u + lost) = log(u) + lost / u to first order.
  const Floats lost = x >= 1.0f ? 1.0f - (u - x) : x - (u - 1.0f);
  Floats y = log_of_normal(u, Ints{}, lost / u);
  y = x < infinity ? y : x;
  y = x < -1.0f ? Floats{} + nan : y;
  y = x == -1.0f ? Floats{} - infinity : y;
  return x == 0.0f ? x : y;  // preserves minus zero
}

inline Floats tanh_of(Floats x) {
  const Floats a = at_most(absolute(x), 10.0f);  // gives one
  const Floats h = half_expm1(2.0f * a);         // tanh(a) = (exp(2a) - 1) / (exp(2a) + 1)
  return with_sign_of(h / (h + 1.0f), x);
}

inline Floats sigmoid_of(Floats x) {
  // Never overflows, and is accurate for tiny results.
  const Floats z = exp_of_moderate(with_sign_of(x, Floats{} - 1.0f));
  return (x < 0.0f ? z : Floats{} + 1.0f) / (1.0f + z);
}

inline Floats softplus_of(Floats x) {
  return (x > 0.0f ? x : Floats{}) + log1p_of(exp_of_moderate(-absolute(x)));
}

inline Floats erf_of(Floats x) {
  const Floats a = at_most(absolute(x), 4.0f);  // gives one
  // erf(x) / x - 1 in x^2, for |x| <= 0.9, to 2^-26.
  const Floats s = x * x;
  Floats p = fma(s, -0.000611128094f, 0.005016226125f);
  p = fma(p, s, -0.02678195532f);
  p = fma(p, s, 0.1128222992f);
  p = fma(p, s, -0.3761253244f);
  p = fma(p, s, 0.1283791553f);
  const Floats small = fma(x, p, x);
  // -log(1 - erf(a)) / a for 0.9 <= a <= 4, to 2^-28 of erf.
  Floats q = fma(a, -0.0002145979567f, 0.003219998421f);
  q = fma(q, a, -0.02290610073f);
  q = fma(q, a, 0.105286957f);
  q = fma(q, a, 0.6356992952f);
  q = fma(q, a, 1.128519973f);
  const Exponential e = split_exp(-a * q);
  const Floats scale = power_of_two(e.n);
  const Floats large = with_sign_of(fma(-scale, e.q, 1.0f - scale), x);
  return a < 0.9f ? small : large;
}

/// sin(x) for quarter = 0 and cos(x) for quarter = 1, for |x| <= 1e6.
inline Floats sine_of(Floats x, std::int32_t quarter) {
  // x - k pi/2 cancels up to 50 bits, so it is computed in double; k times the first part of pi/2, of 33
  // bits, is exact.
  constexpr double shift = 6755399441055744.0;  // 1.5 * 2^52, rounds as in split_exp
  const WideDoubles wide = __builtin_convertvector(x, WideDoubles);
  const WideDoubles k = (wide * 0.63661977236758134 + shift) - shift;
  const WideDoubles rest = (wide - k * 1.57079632673412561417) - k * 6.07710050650619224932e-11;
  const Floats r = __builtin_convertvector(rest, Floats);
  const Ints quadrant = __builtin_convertvector(__builtin_convertvector(k, Floats), Ints) + quarter;
  const Floats s = r * r;
  // On |r| <= pi/4, to 2^-33 and better.
  Floats p = fma(s, 2.718045953e-6f, -0.0001983930435f);
  p = fma(p, s, 0.00833332928f);
  p = fma(p, s, -0.1666666664f);
  const Floats sine = fma(r, s * p, r);
  Floats q = fma(s, 2.443240236e-5f, -0.001388730976f);
  q = fma(q, s, 0.04166664555f);
  const Floats cosine = fma(s * s, q, fma(s, -0.5f, 1.0f));
  const Floats y = (quadrant & 1) != 0 ? cosine : sine;
  return from_bits(bits_of(y) ^ ((quadrant & 2) << 30));
}

inline bool any(Ints mask) {
  std::int32_t lane[lanes<float>];
  __builtin_memcpy(lane, &mask, sizeof lane);
  std::int32_t found = 0;
  for (const std::int32_t value : lane) found |= value;
  return found != 0;
}

/// Replaces the lanes outside of sine_of's range by the standard library's result, one by one.
template <class Scalar>
inline Floats with_large(Floats y, Floats x, Scalar scalar) {
  const Ints large = ~(absolute(x) <= 1e6f);
  if (__builtin_expect(static_cast<long>(any(large)), 0) != 0)
    for (std::size_t i = 0; i < lanes<float>; ++i)
      if (large[i] != 0) y[i] = scalar(x[i]);
  return y;
}

inline Floats sin_of(Floats x) {
  const Floats y = with_large(sine_of(x, 0), x, [](float v) { return __builtin_sinf(v); });
  return x == 0.0f ? x : y;  // preserves minus zero
}

inline Floats cos_of(Floats x) {
  return with_large(sine_of(x, 1), x, [](float v) { return __builtin_cosf(v); });
}

template <Floats (*function)(Floats)>
void map_function(const float* x, float* y, std::size_t n) {
  map(x, y, n, [](Floats v) { return function(v); });
}
