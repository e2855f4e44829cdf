#pragma once

#include <sluice/optim/stop_signals.h>

#include <chrono>
#include <optional>
#include <string_view>

#include "commands.h"
#include "evaluator.h"
#include "keeper.h"
#include "progress.h"
#include "run_log.h"
#include "training.h"
#include "writer.h"

namespace lm {

/// One run of the program over a training, from its start or the point of resumption to its end or a signal:
/// shows, logs, measures, samples and saves.
class Session {
 public:
  /// `validation` may be empty. Everything given must outlive the session.
  Session(Training& training, const TrainCommand& command, std::string_view validation,
          const sluice::optim::StopSignals& signals, Progress& progress);

  /// Returns the exit code: 0, or 130 after a signal or if nobody reads the output any more; the model is
  /// saved either way. Throws UserError, with the last good model in place, if the loss leaves its range.
  int run();

 private:
  bool stopped() const { return signals_.stopped() || progress_.reader_gone(); }
  bool finished();
  std::optional<double> seconds_left();
  void step();
  bool look_back();
  bool measure(bool epoch_over, bool& better);
  void write_log();
  void show_sample();
  int stop();
  int end();
  int nothing_to_do();
  void update_clock();

  Training& training_;
  const TrainCommand& command_;
  const sluice::optim::StopSignals& signals_;
  Progress& progress_;
  Keeper keeper_;
  std::optional<Evaluator> evaluator_;
  std::optional<Writer> writer_;
  std::optional<RunLog> log_;

  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double seconds_before_;        // spent by earlier runs
  std::int64_t steps_ = 0;       // of this session
  StepResult last_;              // the latest step
  double loss_ = 0;              // recent
  double first_loss_ = 0;        // of this session
  double speed_ = 0;             // recent tokens per second
  double interval_seconds_ = 0;  // spent in steps since the last line of the log
  double interval_tokens_ = 0;
};

}  // namespace lm
