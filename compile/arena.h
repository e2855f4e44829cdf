#pragma once

#include <cstddef>
#include <map>

namespace sluice {

/// Simulates the allocations and releases of a run ahead of time, which turns lifetimes into offsets in one
/// block of memory, the arena. Best fit among the gaps; neighbouring gaps are joined.
class ArenaPlanner {
 public:
  static constexpr std::size_t alignment = 64;  // a cache line, and the widest vector register

  /// Offset of a block of at least `bytes`.
  std::size_t allocate(std::size_t bytes);
  void release(std::size_t offset, std::size_t bytes);
  /// Size of the arena, enough for all allocations so far.
  std::size_t size() const { return end_; }

 private:
  static std::size_t rounded(std::size_t bytes);
  void add_gap(std::size_t offset, std::size_t bytes);
  void remove_gap(std::map<std::size_t, std::size_t>::iterator gap);

  std::map<std::size_t, std::size_t> gaps_;               // offset -> bytes
  std::multimap<std::size_t, std::size_t> gaps_by_size_;  // bytes -> offset
  std::size_t end_ = 0;
};

}  // namespace sluice
