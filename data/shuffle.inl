#pragma once

#include <sluice/kernels/index.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

/// The order of an epoch. std::shuffle and the distributions of <random> differ between standard libraries;
/// this is the same on every machine.
namespace sluice::data::detail {

/// SplitMix64 of Steele, Lea and Flood (2014): a counter, mixed.
class SplitMix {
 public:
  /// The numbers of one epoch. Mixing twice keeps neighbouring seeds and epochs apart: counters that differ
  /// by a multiple of the step would give the same numbers, shifted.
  SplitMix(std::uint64_t seed, std::int64_t epoch)
      : counter_(mixed(mixed(seed) + static_cast<std::uint64_t>(epoch))) {}

  /// One of 0 .. count - 1, each with the same probability.
  Index below(Index count) {
    const auto n = static_cast<std::uint64_t>(count);
    const std::uint64_t uneven = (0 - n) % n;  // 2^64 modulo n: so many numbers would be too likely
    std::uint64_t number = next();
    while (number < uneven) number = next();
    return static_cast<Index>(number % n);
  }

 private:
  static std::uint64_t mixed(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
  }
  std::uint64_t next() { return mixed(counter_ += 0x9e3779b97f4a7c15u); }

  std::uint64_t counter_;
};

/// Fisher and Yates: each order with the same probability.
inline void shuffle(std::span<Index> items, SplitMix& random) {
  for (std::size_t left = items.size(); left > 1; --left)
    std::swap(items[left - 1], items[static_cast<std::size_t>(random.below(static_cast<Index>(left)))]);
}

}  // namespace sluice::data::detail
