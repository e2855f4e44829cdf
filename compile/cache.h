#pragma once

#include <sluice/compile/pass.h>
#include <sluice/compile/program.h>

#include <list>
#include <memory>
#include <mutex>

namespace sluice {

struct CompileOptions {
  /// Programs kept, one per combination of argument shapes and dtypes; the one used longest ago goes first.
  std::size_t cache_size = 8;
  /// What the compiler does to a graph; see graph_passes() and lowering_switches().
  PassSet passes = PassSet::from_environment();
};

/// The Programs of one compiled function, by the specs of its arguments.
class ProgramCache {
 public:
  explicit ProgramCache(const CompileOptions& options) : options_(options) {}

  /// The Program for these specs; traces and compiles the function when there is none yet. `counts` tells
  /// functions of lists apart that have the same tensors in other lists.
  std::shared_ptr<Program> find(const Specs& specs, const std::vector<std::size_t>& counts,
                                const TensorFunction& function);

  std::size_t size() const;

 private:
  struct Entry {
    Specs specs;
    std::vector<std::size_t> counts;
    std::shared_ptr<Program> program;
  };
  CompileOptions options_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // most recently used first
};

}  // namespace sluice
