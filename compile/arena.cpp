#include <sluice/compile/arena.h>

#include <algorithm>

namespace sluice {

std::size_t ArenaPlanner::rounded(std::size_t bytes) {
  return (std::max<std::size_t>(bytes, 1) + alignment - 1) / alignment * alignment;
}

std::size_t ArenaPlanner::allocate(std::size_t bytes) {
  bytes = rounded(bytes);
  if (const auto fit = gaps_by_size_.lower_bound(bytes); fit != gaps_by_size_.end()) {
    const std::size_t offset = fit->second;
    const std::size_t gap = fit->first;
    remove_gap(gaps_.find(offset));
    if (gap > bytes) add_gap(offset + bytes, gap - bytes);
    return offset;
  }
  std::size_t offset = end_;
  if (!gaps_.empty()) {
    // Too small, but at the end of the arena: extend it.
    const auto last = std::prev(gaps_.end());
    if (last->first + last->second == end_) {
      offset = last->first;
      remove_gap(last);
    }
  }
  end_ = offset + bytes;
  return offset;
}

void ArenaPlanner::release(std::size_t offset, std::size_t bytes) {
  bytes = rounded(bytes);
  const auto next = gaps_.lower_bound(offset);
  if (next != gaps_.end() && offset + bytes == next->first) {
    bytes += next->second;
    remove_gap(next);
  }
  const auto after = gaps_.lower_bound(offset);
  if (after != gaps_.begin()) {
    const auto before = std::prev(after);
    if (before->first + before->second == offset) {
      offset = before->first;
      bytes += before->second;
      remove_gap(before);
    }
  }
  add_gap(offset, bytes);
}

void ArenaPlanner::add_gap(std::size_t offset, std::size_t bytes) {
  gaps_.emplace(offset, bytes);
  gaps_by_size_.emplace(bytes, offset);
}

void ArenaPlanner::remove_gap(std::map<std::size_t, std::size_t>::iterator gap) {
  auto [at, end] = gaps_by_size_.equal_range(gap->second);
  while (at->second != gap->first) ++at;
  gaps_by_size_.erase(at);
  gaps_.erase(gap);
}

}  // namespace sluice
