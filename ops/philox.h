#pragma once

#include <array>
#include <cstdint>

namespace sluice::random {

/// Philox4x32-10: turns a counter and a key into four independent uniform 32-bit words, without any state.
/// Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3".
inline std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                           std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

/// The purpose of a draw. Each purpose has its own range of counters, so no two ever share a word.
enum class Purpose : std::uint32_t { uniform, normal, categorical, split, fold_in };

/// The random words of one key for one purpose, in blocks of four.
class Stream {
 public:
  /// `key` points to the two elements of a key tensor.
  Stream(const std::int32_t* key, Purpose purpose)
      : key_{static_cast<std::uint32_t>(key[0]), static_cast<std::uint32_t>(key[1])},
        purpose_(static_cast<std::uint32_t>(purpose)) {}

  std::array<std::uint32_t, 4> block(std::uint64_t index) const {
    return philox({static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), purpose_, 0},
                  key_);
  }

 private:
  std::array<std::uint32_t, 2> key_;
  std::uint32_t purpose_;
};

/// A number in [0, 1), a multiple of 2^-24, from one word.
inline float unit_float(std::uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24F; }

/// A number in [0, 1), a multiple of 2^-53, from two words.
inline double unit_double(std::uint32_t high, std::uint32_t low) {
  return static_cast<double>((std::uint64_t{high} << 32 | low) >> 11) * 0x1p-53;
}

}  // namespace sluice::random
