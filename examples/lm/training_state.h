#pragma once

#include <cstdint>

namespace lm {

/// The state of a training besides its Variables. A checkpoint holds both, so a resumed run gives the same
/// bits.
struct TrainingState {
  std::int64_t step = 0;       ///< windows trained on
  std::int64_t epoch = 0;      ///< epochs completed
  std::int64_t window = 0;     ///< windows of this epoch completed
  std::int64_t validated = 0;  ///< epochs whose validation loss has been measured
  double validation = -1;      ///< the latest, in nats per token; -1: none
  std::int64_t measured = 0;   ///< the step it was measured at
  double seconds = 0;          ///< spent so far, over all runs
  double deadline = 0;         ///< seconds after which the budget of --minutes is spent
  double loss_sum = 0;         ///< nats of the windows since the last line of the log
  std::int64_t loss_count = 0;
  // Where the present schedule began: in the units of each kind of budget, and in steps of the optimizer.
  std::int64_t from_step = 0;
  double from_epoch = 0;
  double from_seconds = 0;
  std::int64_t from_update = 0;

  template <class Self, class F>
  static void each(Self& s, F&& f) {
    f("step", s.step, "");
    f("epoch", s.epoch, "");
    f("window", s.window, "");
    f("validated", s.validated, "");
    f("validation", s.validation, "");
    f("measured", s.measured, "");
    f("seconds", s.seconds, "");
    f("deadline", s.deadline, "");
    f("loss_sum", s.loss_sum, "");
    f("loss_count", s.loss_count, "");
    f("from_step", s.from_step, "");
    f("from_epoch", s.from_epoch, "");
    f("from_seconds", s.from_seconds, "");
    f("from_update", s.from_update, "");
  }
};

}  // namespace lm
