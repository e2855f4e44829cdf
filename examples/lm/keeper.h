#pragma once

#include <string>

#include "commands.h"
#include "progress.h"
#include "saved.h"
#include "training.h"

namespace lm {

/// Keeps what was learned: the last good model in OUT, the best one by validation in OUT.best. Neither is
/// ever replaced by a model that is worse than useless.
class Keeper {
 public:
  /// What is given must outlive the keeper; the command's `out` and its best_path are replaceable.
  Keeper(Training& training, const TrainCommand& command, Progress& progress);

  /// Before the first step: sees that there is a model in OUT and, if a training with a best one is resumed
  /// elsewhere, that best one beside it. So a full disk is found out now.
  void begin();
  /// Saves the last model. If that fails, says so and goes on: the older one is whole, and the next time may
  /// go well. Runs away if the numbers of the model are not all finite.
  void save();
  /// The same at the end. Throws UserError if it fails.
  void save_at_end();
  /// Saves this model as the best one, unless a better one is there.
  void save_best();

  /// Throws UserError: what happened, where the last good model is, and how to go on from there.
  [[noreturn]] void run_away(const std::string& what) const;
  /// "the last good model, of step 120, is in OUT; the best, 1.61 nats, is in OUT.best"
  std::string where() const;
  /// The command that goes on with the training, with these options in addition.
  std::string command_to_go_on(const std::string& options = {}) const;

 private:
  void require_finite() const;
  void find_best();

  Training& training_;
  const TrainCommand& command_;
  Progress& progress_;
  std::string best_;
  std::int64_t saved_step_ = -1;  // -1: nothing was saved by this command
  bool has_best_ = false;         // whether OUT.best is of this training
  double best_nats_ = 0;          // of OUT.best, if it is of this training
};

}  // namespace lm
