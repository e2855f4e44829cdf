#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <span>

namespace sluice::test {

/// FNV-1a over the bits of floats; every NaN counts as the same one.
inline std::uint64_t hash_of(std::span<const float> values) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const float value : values) {
    const std::uint32_t bits = std::isnan(value) ? 0x7fc00000 : std::bit_cast<std::uint32_t>(value);
    hash = (hash ^ bits) * 0x100000001b3;
  }
  return hash;
}

}  // namespace sluice::test
