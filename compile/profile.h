#pragma once

#include <string>
#include <vector>

namespace sluice {

/// Where the time of one run of a Program went.
struct Profile {
  struct Line {
    std::string kernel;  ///< what it is and what it makes
    int depth = 0;       ///< in how many loops it is
    double calls = 1;
    double seconds = 0;  ///< of all calls; where threads divide the rows of a loop, the mean of the threads
    double flops = 0;    ///< of all calls; an elementwise op counts as one operation
  };

  std::vector<Line> lines;  ///< in the order of the program; a loop comes before what is in it
  double seconds = 0;       ///< the whole run

  /// A table: share of the run, milliseconds, calls, GFLOP/s, kernel.
  std::string text() const;
};

}  // namespace sluice
