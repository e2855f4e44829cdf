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

/// One run of the program over a training, from its start or from where it was resumed to its end or to a
/// signal: shows, logs, measures, samples and saves what the training does.
class Session {
 public:
  /// `validation` may be empty. The training and what is in the command live as long as the session.
  Session(Training& training, const TrainCommand& command, std::vector<std::int32_t> validation);

  /// The exit code: 0, or 130 when a signal ended it.
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
  double loss_ = 0;              // of late
  double speed_ = 0;             // tokens a second, of late
  double interval_seconds_ = 0;  // spent in steps since the last line of the log
  double interval_tokens_ = 0;
};

}  // namespace lm
