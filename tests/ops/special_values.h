#pragma once

#include <sluice/graph/tensor.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace sluice::test {

/// Numbers at which functions take another way: zeros, infinities, NaN, the ends of normal and of denormal
/// numbers, ones, halves, and odd and even numbers that are just large enough to have no fraction.
template <class T>
std::vector<T> special_values() {
  using Limits = std::numeric_limits<T>;
  const T odd = std::ldexp(T{1}, Limits::digits - 1) + 1;
  return {T{0},
          -T{0},
          T{1},
          T{-1},
          T{0.5},
          T{-0.5},
          T{2},
          T{-3},
          odd,
          -odd,
          std::ldexp(T{1}, Limits::digits),
          Limits::infinity(),
          -Limits::infinity(),
          Limits::quiet_NaN(),
          Limits::denorm_min(),
          Limits::min(),
          Limits::max(),
          Limits::lowest()};
}

/// The same number, zeros by their sign, NaN for NaN?
template <class T>
bool same_number(T a, T b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b && std::signbit(a) == std::signbit(b);
}

}  // namespace sluice::test
