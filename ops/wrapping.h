#pragma once

#include <cstdint>

namespace sluice::detail {

// Arithmetic on numbers where integers wrap around, as the hardware does, instead of being undefined on overflow.

template <class T>
T wrapping_add(T a, T b) {
  return a + b;
}
template <class T>
T wrapping_subtract(T a, T b) {
  return a - b;
}
template <class T>
T wrapping_multiply(T a, T b) {
  return a * b;
}

inline std::int32_t wrapping_add(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}
inline std::int32_t wrapping_subtract(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) - static_cast<std::uint32_t>(b));
}
inline std::int32_t wrapping_multiply(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) * static_cast<std::uint32_t>(b));
}

}  // namespace sluice::detail
