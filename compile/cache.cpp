#include <sluice/compile/cache.h>

#include <algorithm>
#include <utility>

namespace sluice {

ProgramCache::ProgramCache(const CompileOptions& options)
    : size_(std::max<std::size_t>(options.cache_size, 1)),
      passes_(options.passes ? *options.passes : PassSet::from_environment()) {}

std::shared_ptr<Program> ProgramCache::find(const Specs& specs, const std::vector<std::size_t>& counts,
                                            const TensorFunction& function) {
  if (auto kept = take(specs, counts)) return kept;
  // No lock is held meanwhile: the function may call compiled ones, and programs wait for each other.
  Graph graph = trace(function, specs, Location{});
  FrozenFlags flags(graph);
  auto program = std::make_shared<Program>(std::move(graph), passes_, Location{});
  std::shared_ptr<Program> dropped;  // destroyed after the locks are released
  const std::lock_guard lock(mutex_);
  if (auto made = look_up(specs, counts)) return made;  // on another thread meanwhile
  entries_.push_front({specs, counts, std::move(flags), program});
  if (entries_.size() > size_) {
    dropped = std::move(entries_.back().program);
    entries_.pop_back();
  }
  return program;
}

std::shared_ptr<Program> ProgramCache::take(const Specs& specs, const std::vector<std::size_t>& counts) {
  const std::lock_guard lock(mutex_);
  return look_up(specs, counts);
}

std::shared_ptr<Program> ProgramCache::look_up(const Specs& specs, const std::vector<std::size_t>& counts) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.specs == specs && entry.counts == counts && entry.flags.hold();
  });
  if (found == entries_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found);
  return found->program;
}

ProgramCache& detail::require_program_cache(const std::shared_ptr<ProgramCache>& cache, Location where) {
  if (cache != nullptr) return *cache;
  throw Error(
      "[compile] a compiled function that was moved from is empty: got a call of one; use the function "
      "that it was moved to, or copy it, which shares its Programs",
      where);
}

std::size_t ProgramCache::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace sluice
