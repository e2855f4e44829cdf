#pragma once

#include <sluice/compile/frozen.h>
#include <sluice/compile/pass.h>
#include <sluice/compile/program.h>

#include <list>
#include <memory>
#include <mutex>
#include <optional>

namespace sluice {

struct CompileOptions {
  /// Number of Programs kept, one per combination of argument shapes and dtypes; least recently used are
  /// dropped.
  std::size_t cache_size = 8;
  /// Passes and lowering switches; see graph_passes() and lowering_switches(). By default those of
  /// SLUICE_PASSES.
  std::optional<PassSet> passes = {};
};

/// The Programs of one compiled function, by the specs of its arguments.
class ProgramCache {
 public:
  /// Throws Error if SLUICE_PASSES is used and invalid.
  explicit ProgramCache(const CompileOptions& options);

  /// The Program for these specs; traces and compiles the function if there is none yet, or none for the
  /// Variables that are frozen now. `counts`
  /// distinguishes calls whose lists of tensors differ in length only. Threads that ask for the same specs
  /// concurrently may trace in parallel; the first Program ready is used by all.
  std::shared_ptr<Program> find(const Specs& specs, const std::vector<std::size_t>& counts,
                                const TensorFunction& function);

  std::size_t size() const;

 private:
  struct Entry {
    Specs specs;
    std::vector<std::size_t> counts;
    FrozenFlags flags;
    std::shared_ptr<Program> program;
  };
  std::shared_ptr<Program> take(const Specs& specs, const std::vector<std::size_t>& counts);
  /// Null if there is none. The mutex must be held.
  std::shared_ptr<Program> look_up(const Specs& specs, const std::vector<std::size_t>& counts);

  std::size_t size_;
  PassSet passes_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // most recently used first
};

namespace detail {
/// The Programs of a compiled function; Error if they have been moved from.
ProgramCache& require_program_cache(const std::shared_ptr<ProgramCache>& cache, Location where);
}  // namespace detail

}  // namespace sluice
