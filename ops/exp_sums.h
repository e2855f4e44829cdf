#pragma once

#include <sluice/kernels/threads.h>
#include <sluice/ops/along_axis.h>

#include <algorithm>
#include <array>

namespace sluice::detail {

/// Columns that are normalised together if the axis is not the last one.
inline constexpr Index band_width = 64;

/// For each column j of a band: a shift m_j, which is the largest x[., j], and
///     rest_j = sum_i exp(x[i, j] - m_j) - 1,
/// without one of the largest terms, so that log(sum) = log1p(rest) keeps the digits of a rest far below 1.
/// If the largest x is infinite, the shift is 0 and the rest is infinity or -1, which gives the right limits.
template <class T>
struct ExpSums {
  std::array<T, static_cast<std::size_t>(band_width)> shifts;
  std::array<T, static_cast<std::size_t>(band_width)> rests;
};

/// x[i, j] is at x + i * stride + j, with i < length and j < width <= band_width. y receives the exponentials
/// unless it is null.
ExpSums<float> exp_sums(const float* x, Index length, Index stride, Index width, float* y);
ExpSums<double> exp_sums(const double* x, Index length, Index stride, Index width, double* y);

/// Calls f(offset, outer, column, width) for all bands of a tensor along an axis, divided over the threads:
/// `offset` is that of the band's first element, `column` its index on the inner axes.
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

/// Throws ShapeError naming `who` unless the dtype is floating-point.
void require_floating(const Spec& x, std::string_view who);

}  // namespace sluice::detail
