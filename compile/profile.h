#pragma once

#include <string>
#include <vector>

namespace sluice {

/// The distribution of time over the kernels of one run of a Program.
struct Profile {
  struct Line {
    std::string kernel;  ///< the kernel and its results
    int depth = 0;       ///< number of enclosing loops
    double calls = 1;
    double seconds = 0;  ///< of all calls; if threads divide the rows of a loop, the mean over the threads
    double flops = 0;    ///< of all calls; an elementwise op counts as one operation
  };

  std::vector<Line> lines;  ///< in program order; a loop comes before its kernels
  double seconds = 0;       ///< the whole run

  /// A table: share of the run, milliseconds, calls, GFLOP/s, kernel.
  std::string text() const;
};

}  // namespace sluice
