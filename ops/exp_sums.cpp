#include <sluice/graph/error.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/exp_sums.h>
#include <sluice/ops/pairwise.h>

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace sluice::detail {

namespace {

template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();

/// Replaces shift and rest by their limits if the largest x is infinite.
template <class T>
void take_limit(T& shift, T& rest) {
  if (!std::isinf(shift)) return;
  rest = shift > 0 ? shift : T{-1};
  shift = 0;
}

/// What exponents are taken relative to: finite, and no smaller than any finite x.
template <class T>
T finite(T x) {
  if (!std::isinf(x)) return x;
  return x > 0 ? std::numeric_limits<T>::max() : T{0};
}

/// Exponentials equal to 1 are counted, and the others added, so that one of the ones can be left out.
template <class T>
void row_sum(const T* x, Index length, T* y, T& shift, T& rest) {
  constexpr Index chunk = 128;
  std::array<T, static_cast<std::size_t>(chunk)> scratch;
  shift = kernels::max(x, static_cast<std::size_t>(length));
  const T m = finite(shift);
  std::size_t ones = 0;
  combine_pairwise((length + chunk - 1) / chunk, 1, T{0}, &rest,
                   [&](T* sum, Index part) {
                     const Index begin = part * chunk;
                     const Index count = std::min(chunk, length - begin);
                     T* e = y != nullptr ? y + begin : scratch.data();
                     for (Index k = 0; k < count; ++k) e[k] = x[begin + k] - m;
                     kernels::exp(e, e, static_cast<std::size_t>(count));
                     std::size_t found = 0;
                     *sum += kernels::sum_but_ones(e, static_cast<std::size_t>(count), &found);
                     ones += found;
                   },
                   [](T* sums, const T* more, Index) { *sums += *more; });
  if (ones > 1) rest += static_cast<T>(ones - 1);
  take_limit(shift, rest);
}

template <class T>
void column_sums(const T* x, Index length, Index stride, Index width, T* y, T* shifts, T* rests) {
  using Band = std::array<T, static_cast<std::size_t>(band_width)>;
  using Count =
      std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;  // as wide as T, to vectorise
  std::fill_n(shifts, width, -infinity<T>);
  for (Index i = 0; i < length; ++i) {
    for (Index j = 0; j < width; ++j)
      shifts[j] = std::isnan(shifts[j]) || shifts[j] > x[i * stride + j] ? shifts[j] : x[i * stride + j];
  }
  Band m;
  std::transform(shifts, shifts + width, m.begin(), finite<T>);
  std::array<Count, static_cast<std::size_t>(band_width)> ones{};
  Band scratch;
  combine_pairwise(
      length, width, T{0}, rests,
      [&](T* sum, Index i) {
        T* e = y != nullptr ? y + i * stride : scratch.data();
        for (Index j = 0; j < width; ++j) e[j] = x[i * stride + j] - m[static_cast<std::size_t>(j)];
        kernels::exp(e, e, static_cast<std::size_t>(width));
        for (Index j = 0; j < width; ++j) {
          ones[static_cast<std::size_t>(j)] += e[j] == 1 ? 1 : 0;
          sum[j] += e[j] == 1 ? 0 : e[j];
        }
      },
      [](T* sum, const T* more, Index n) {
        for (Index j = 0; j < n; ++j) sum[j] += more[j];
      });
  for (Index j = 0; j < width; ++j) {
    const Count found = ones[static_cast<std::size_t>(j)];
    if (found > 1) rests[j] += static_cast<T>(found - 1);
    take_limit(shifts[j], rests[j]);
  }
}

template <class T>
ExpSums<T> sums(const T* x, Index length, Index stride, Index width, T* y) {
  ExpSums<T> result;
  if (stride == 1 && width == 1) {
    row_sum(x, length, y, result.shifts[0], result.rests[0]);
  } else {
    column_sums(x, length, stride, width, y, result.shifts.data(), result.rests.data());
  }
  return result;
}

}  // namespace

ExpSums<float> exp_sums(const float* x, Index length, Index stride, Index width, float* y) {
  return sums(x, length, stride, width, y);
}
ExpSums<double> exp_sums(const double* x, Index length, Index stride, Index width, double* y) {
  return sums(x, length, stride, width, y);
}

void require_floating(const Spec& x, std::string_view who) {
  if (!is_floating(x.dtype)) {
    throw ShapeError(fmt::format("[{}] needs a floating tensor: got {}; cast it", who, x.text()));
  }
}

}  // namespace sluice::detail
