#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "commands.h"
#include "evaluator.h"
#include "progress.h"
#include "run_log.h"
#include "training.h"
#include "writer.h"

namespace lm {

/// One run of the program over a training, from its start or the point of resumption to its end or a signal:
/// shows, logs, measures, samples and saves.
class Session {
 public:
  /// `validation` may be empty. The training and the command must outlive the session.
  Session(Training& training, const TrainCommand& command, std::vector<std::int32_t> validation);

  /// Returns the exit code: 0, or 130 after a signal.
  int run();

 private:
  bool finished();
  double share_done();
  double steps_in_all() const;
  std::optional<double> seconds_left();
  void step();
  bool look_back();
  bool measure(std::optional<Score>& score);
  void show_sample();
  void save();
  int stop();
  void end();
  void update_clock();

  Training& training_;
  const TrainCommand& command_;
  std::optional<Evaluator> evaluator_;
  std::optional<Writer> writer_;
  std::optional<RunLog> log_;
  Progress progress_;

  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double seconds_before_;        // spent by earlier runs
  std::int64_t steps_ = 0;       // of this session
  double loss_ = 0;              // recent
  double speed_ = 0;             // recent tokens per second
  double interval_seconds_ = 0;  // spent in steps since the last line of the log
  double interval_tokens_ = 0;
};

}  // namespace lm
