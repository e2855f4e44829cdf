#pragma once

#include <sluice/graph/shape.h>

#include <atomic>
#include <string>
#include <vector>

namespace sluice::detail {

/// A loop that runs, and the time index of its step.
struct LoopPlace {
  Index step = 0;
  Location where;  ///< of the scan
};

/// How the steps of a scan are counted for users.
struct StepCount {
  bool hidden = false;  ///< a loop that no user wrote: over segments of a scan, or over chunks of rows
  Index first = 0;      ///< the number of the first step
  Index each = 0;       ///< of a hidden loop: how many steps of the loop inside are one of its own
};

/// The step of a loop that this thread runs, for the lifetime of this object. Loops nest; each thread has one
/// innermost loop. Costs nothing but a store per step until somebody asks.
class LoopStep {
 public:
  explicit LoopStep(Location where, const StepCount& count = {}) : LoopStep(where, count, innermost()) {}
  /// On behalf of a loop that runs on another thread, inside of its loop `outer`.
  LoopStep(Location where, const StepCount& count, const LoopStep* outer);
  ~LoopStep();
  LoopStep(const LoopStep&) = delete;
  LoopStep& operator=(const LoopStep&) = delete;

  void begin(Index time) { time_ = time; }
  /// Appends "; in step 37 of the scan (my.cpp:12)", or the steps of all loops that surround this one,
  /// outermost first, to an error thrown in it, unless an inner loop has done so.
  void tell(Error& error) const;

  static const LoopStep* innermost();
  /// The loops that this thread is in, outermost first, without hidden ones.
  static std::vector<LoopPlace> places();

 private:
  std::vector<LoopPlace> surrounding() const;

  Location where_;
  StepCount count_;
  Index time_ = 0;
  const LoopStep* outer_;
  const LoopStep* before_;  // the innermost one of this thread
  mutable std::atomic<bool> told_ = false;
};

/// "step 37 of the scan (my.cpp:12), step 2 of the scan (my.cpp:14)"; empty outside of loops.
std::string text_of(const std::vector<LoopPlace>& places);

}  // namespace sluice::detail
