#pragma once

#include <sluice/kernels/threads.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/along_axis.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace sluice::detail {

/// Columns that are normalised together where the axis is not the last one.
inline constexpr Index band_width = 64;

/// For a band of columns, x[i, j] at x + i * stride + j with i < length and j < width <= band_width: the
/// shift m_j, which is the largest x[., j], and s_j = sum_i exp(x[i, j] - m_j). Where that is infinite the
/// shift is 0, which gives the right limits. y, unless null, gets the exponentials.
template <class T>
void exp_sums(const T* x, Index length, Index stride, Index width, T* y, T* m, T* s) {
  const auto finite = [](T shift) { return std::isinf(shift) ? T{0} : shift; };
  if (stride == 1 && width == 1) {
    constexpr Index chunk = 128;
    std::array<T, chunk> scratch{};
    m[0] = finite(kernels::max(x, static_cast<std::size_t>(length)));
    s[0] = 0;
    for (Index i = 0; i < length; i += chunk) {
      const Index count = std::min(chunk, length - i);
      T* e = y != nullptr ? y + i : scratch.data();
      for (Index k = 0; k < count; ++k) e[k] = x[i + k] - m[0];
      kernels::exp(e, e, static_cast<std::size_t>(count));
      s[0] += kernels::sum(e, static_cast<std::size_t>(count));
    }
    return;
  }
  std::array<T, band_width> scratch{};
  std::fill_n(m, width, -std::numeric_limits<T>::infinity());
  std::fill_n(s, width, T{0});
  for (Index i = 0; i < length; ++i) {
    for (Index j = 0; j < width; ++j)
      m[j] = std::isnan(m[j]) || m[j] > x[i * stride + j] ? m[j] : x[i * stride + j];
  }
  std::transform(m, m + width, m, finite);
  for (Index i = 0; i < length; ++i) {
    T* e = y != nullptr ? y + i * stride : scratch.data();
    for (Index j = 0; j < width; ++j) e[j] = x[i * stride + j] - m[j];
    kernels::exp(e, e, static_cast<std::size_t>(width));
    for (Index j = 0; j < width; ++j) s[j] += e[j];
  }
}

/// Calls f(offset, outer, column, width) for all bands of a tensor seen along an axis, shared out over the
/// threads: `offset` is that of the band's first element, `column` its place on the inner axes.
template <class F>
void for_each_band(const AlongAxis& along, const F& f) {
  const Index bands = (along.inner + band_width - 1) / band_width;
  const Index work = std::max<Index>(1, std::min(along.inner, band_width) * along.length);
  kernels::parallel_for(along.outer * bands, std::max<Index>(1, (Index{1} << 13) / work),
                        [&](Index begin, Index end) {
                          for (Index at = begin; at < end; ++at) {
                            const Index outer = at / bands;
                            const Index column = at % bands * band_width;
                            f(outer * along.length * along.inner + column, outer, column,
                              std::min(band_width, along.inner - column));
                          }
                        });
}

/// Calls f with a float or double for a floating dtype.
template <class F>
void with_floating(DType dtype, const F& f) {
  if (dtype == DType::float64) {
    f(double{});
  } else {
    f(float{});
  }
}

/// Throws ShapeError naming `who` unless the dtype is floating.
void require_floating(const Spec& x, std::string_view who);

}  // namespace sluice::detail
