#include <sluice/compile/cache.h>

#include <algorithm>

namespace sluice {

std::shared_ptr<Program> ProgramCache::find(const Specs& specs, const std::vector<std::size_t>& counts,
                                            const TensorFunction& function) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.specs == specs && entry.counts == counts;
  });
  if (found != entries_.end()) {
    entries_.splice(entries_.begin(), entries_, found);
    return found->program;
  }
  auto program = std::make_shared<Program>(trace(function, specs), options_.passes);
  entries_.push_front({specs, counts, program});
  if (entries_.size() > std::max<std::size_t>(options_.cache_size, 1)) entries_.pop_back();
  return program;
}

std::size_t ProgramCache::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace sluice
