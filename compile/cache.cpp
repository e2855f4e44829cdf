#include <sluice/compile/cache.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace sluice {

namespace {

constexpr std::size_t always_kept = 8;
constexpr std::size_t most_drops = 16;

std::string text_of(const Specs& specs) {
  std::vector<std::string> texts;
  for (const Spec& spec : specs) texts.push_back(spec.text());
  return texts.empty() ? "no arguments" : fmt::format("{}", fmt::join(texts, ", "));
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

ProgramCache::ProgramCache(const CompileOptions& options)
    : size_(std::max<std::size_t>(options.cache_size, 1)),
      bytes_(options.cache_bytes),
      passes_(options.passes ? *options.passes : PassSet::from_environment()) {}

ProgramCache::Found ProgramCache::find(const Specs& specs, const std::vector<std::size_t>& lengths,
                                       const Function& function) {
  if (auto kept = take(specs, lengths)) return *kept;
  // No lock is held meanwhile: the function may call compiled ones, and programs wait for each other.
  const auto start = std::chrono::steady_clock::now();
  Entry entry{specs, lengths, FrozenFlags(Graph{}), {}, 1, 0};
  const auto flat = [&](const Tensors& placeholders) {
    detail::Flat results = function(placeholders);
    entry.found.result_lengths = std::move(results.lengths);
    return std::move(results.tensors);
  };
  const Graph graph = trace(flat, specs, Location{});
  entry.flags = FrozenFlags(graph);
  entry.found.program = std::make_shared<Program>(graph, passes_, Location{});
  entry.seconds = seconds_since(start);
  std::list<Entry> dropped;  // destroyed after the locks are released
  const std::lock_guard lock(mutex_);
  if (auto made = look_up(specs, lengths)) return *made;  // on another thread meanwhile
  ++compiled_;
  entries_.push_front(std::move(entry));
  Found found = entries_.front().found;
  make_room(dropped);
  return found;
}

Program ProgramCache::prepare(const Specs& specs, const Function& function) const {
  const auto flat = [&](const Tensors& placeholders) { return function(placeholders).tensors; };
  return Program(trace(flat, specs, Location{}), passes_, Program::Ready{}, Location{});
}

std::optional<ProgramCache::Found> ProgramCache::take(const Specs& specs,
                                                      const std::vector<std::size_t>& lengths) {
  const std::lock_guard lock(mutex_);
  ++calls_;
  return look_up(specs, lengths);
}

std::optional<ProgramCache::Found> ProgramCache::look_up(const Specs& specs,
                                                         const std::vector<std::size_t>& lengths) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.specs == specs && entry.lengths == lengths && entry.flags.hold();
  });
  if (found == entries_.end()) return std::nullopt;
  ++found->calls;
  entries_.splice(entries_.begin(), entries_, found);
  return found->found;
}

void ProgramCache::make_room(std::list<Entry>& dropped) {
  std::size_t bytes = 0;
  std::size_t kept = 0;
  auto last = entries_.begin();
  while (last != entries_.end() && kept < size_) {
    bytes += last->found.program->bytes();
    if (bytes > bytes_ && kept >= always_kept) break;
    ++kept, ++last;
  }
  dropped.splice(dropped.begin(), entries_, last, entries_.end());
  for (const Entry& entry : dropped) {
    ++dropped_;
    if (drops_.size() == most_drops) drops_.erase(drops_.begin());
    drops_.push_back({entry.specs, calls_});
  }
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

CacheReport ProgramCache::report() const {
  const std::lock_guard lock(mutex_);
  CacheReport report;
  for (const Entry& entry : entries_) {
    report.kept.push_back({entry.specs, entry.calls, entry.found.program->bytes(), entry.seconds});
  }
  report.calls = calls_;
  report.compiled = compiled_;
  report.dropped = dropped_;
  report.drops = drops_;
  return report;
}

std::string CacheReport::text() const {
  std::string text =
      fmt::format("{} calls, {} programs compiled, {} dropped\n{:>10} {:>12} {:>12}  arguments\n", calls,
                  compiled, dropped, "calls", "KiB", "ms");
  for (const Entry& entry : kept) {
    text +=
        fmt::format("{:>10} {:>12.1f} {:>12.1f}  {}\n", entry.calls, static_cast<double>(entry.bytes) / 1024,
                    1000 * entry.seconds, text_of(entry.arguments));
  }
  for (const Drop& drop : drops) {
    text += fmt::format("dropped in call {}: {}\n", drop.call, text_of(drop.arguments));
  }
  return text;
}

}  // namespace sluice
