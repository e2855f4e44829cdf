#pragma once

#include <sluice/compile/frozen.h>
#include <sluice/compile/pass.h>
#include <sluice/compile/program.h>
#include <sluice/graph/nest.h>

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

struct CompileOptions {
  /// Most Programs kept, one per combination of argument shapes and dtypes; least recently used are dropped.
  std::size_t cache_size = 64;
  /// Most memory that the Programs kept may own together, in bytes; of more, the least recently used are
  /// dropped, but never the latest 8.
  std::size_t cache_bytes = std::size_t{1} << 30;
  /// Passes and lowering switches; see graph_passes() and lowering_switches(). By default those of
  /// SLUICE_PASSES.
  std::optional<PassSet> passes = {};
};

/// What a compiled function has compiled so far, for those who wonder why it is slow: shapes that change
/// from call to call compile anew, and more of them than the cache holds compile again and again.
struct CacheReport {
  struct Entry {
    Specs arguments;  ///< the flat list of all tensors among the arguments
    std::int64_t calls = 0;
    std::size_t bytes = 0;  ///< memory of the Program
    double seconds = 0;     ///< that tracing and compiling took
  };
  struct Drop {
    Specs arguments;
    std::int64_t call = 0;  ///< the number of the call, from 1, for which it was dropped
  };
  std::vector<Entry> kept;    ///< most recently used first
  std::int64_t calls = 0;     ///< of the function, including those of `program`
  std::int64_t compiled = 0;  ///< Programs made so far
  std::int64_t dropped = 0;   ///< of those
  std::vector<Drop> drops;    ///< the latest 16, in order

  /// A table with a line per Program, then the latest drops.
  std::string text() const;
};

/// The Programs of one compiled function, by the specs of its arguments.
class ProgramCache {
 public:
  /// A function of a flat list of tensors that flattens what it returns.
  using Function = std::function<detail::Flat(const Tensors&)>;
  /// A Program and the lengths of the lists among its results.
  struct Found {
    std::shared_ptr<Program> program;
    std::vector<std::size_t> result_lengths;
  };

  /// Throws Error if SLUICE_PASSES is used and invalid.
  explicit ProgramCache(const CompileOptions& options);

  /// The Program for these specs; traces and compiles the function if there is none yet, or none for the
  /// Variables that are frozen now. `lengths` distinguishes calls whose lists of tensors differ in length
  /// only. Threads that ask for the same specs concurrently may trace in parallel; the first Program ready is
  /// used by all. No lock is held while a function is traced or compiled.
  Found find(const Specs& specs, const std::vector<std::size_t>& lengths, const Function& function);
  /// A Program for these specs that is not kept here, ready to run.
  Program prepare(const Specs& specs, const Function& function) const;

  std::size_t size() const;
  CacheReport report() const;

 private:
  struct Entry {
    Specs specs;
    std::vector<std::size_t> lengths;
    FrozenFlags flags;
    Found found;
    std::int64_t calls = 0;
    double seconds = 0;
  };
  std::optional<Found> take(const Specs& specs, const std::vector<std::size_t>& lengths);
  /// The mutex must be held by callers of these two.
  std::optional<Found> look_up(const Specs& specs, const std::vector<std::size_t>& lengths);
  /// Moves the entries that the limits leave no room for to `dropped`.
  void make_room(std::list<Entry>& dropped);

  std::size_t size_;
  std::size_t bytes_;
  PassSet passes_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // most recently used first
  std::int64_t calls_ = 0;
  std::int64_t compiled_ = 0;
  std::int64_t dropped_ = 0;
  std::vector<CacheReport::Drop> drops_;
};

namespace detail {
/// The Programs of a compiled function; Error if they have been moved from.
ProgramCache& require_program_cache(const std::shared_ptr<ProgramCache>& cache, Location where);
}  // namespace detail

}  // namespace sluice
