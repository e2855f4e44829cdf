#pragma once

#include <sluice/compile/pass.h>
#include <sluice/compile/program.h>

#include <list>
#include <memory>
#include <mutex>
#include <optional>

namespace sluice {

struct CompileOptions {
  /// Programs kept, one per combination of argument shapes and dtypes; the one used longest ago goes first.
  std::size_t cache_size = 8;
  /// What the compiler does to a graph; see graph_passes() and lowering_switches(). None: what SLUICE_PASSES
  /// says.
  std::optional<PassSet> passes = {};
};

/// The Programs of one compiled function, by the specs of its arguments.
class ProgramCache {
 public:
  /// Throws Error if SLUICE_PASSES is asked and names no passes.
  explicit ProgramCache(const CompileOptions& options);

  /// The Program for these specs; traces and compiles the function when there is none yet. `counts` tells
  /// functions of lists apart that have the same tensors in other lists. Threads that ask for the same specs
  /// at once may trace side by side; the Program that is ready first is everybody's.
  std::shared_ptr<Program> find(const Specs& specs, const std::vector<std::size_t>& counts,
                                const TensorFunction& function);

  std::size_t size() const;

 private:
  struct Entry {
    Specs specs;
    std::vector<std::size_t> counts;
    std::shared_ptr<Program> program;
  };
  std::shared_ptr<Program> take(const Specs& specs, const std::vector<std::size_t>& counts);
  /// Null if there is none. The mutex is held.
  std::shared_ptr<Program> look_up(const Specs& specs, const std::vector<std::size_t>& counts);

  std::size_t size_;
  PassSet passes_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // most recently used first
};

namespace detail {
/// The Programs of a compiled function; Error where it has lost them to another one.
ProgramCache& require_program_cache(const std::shared_ptr<ProgramCache>& cache, Location where);
}  // namespace detail

}  // namespace sluice
