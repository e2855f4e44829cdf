#pragma once

#include <sluice/compile/compile.h>
#include <sluice/nn/carried_state.h>
#include <sluice/optim/early_stopping.h>
#include <sluice/optim/plateau.h>
#include <sluice/text/batches.h>
#include <sluice/text/vocabulary.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model.h"
#include "saved.h"

namespace lm {

/// What one step did.
struct StepResult {
  double nats = 0;           ///< mean loss of the window, before the step
  double learning_rate = 0;  ///< that it took
  double gradient_norm = 0;  ///< before clipping
};

/// What a resumed training takes up otherwise than it was.
struct Changes {
  bool windows = false;   ///< another batch or length: the position is the nearest one, states begin at zero
  bool schedule = false;  ///< another learning rate or schedule: it begins now, over what is left
  bool text = false;      ///< another text: a new training of the model, with its optimizer's state
};

/// A training: a model, its optimiser and state, and one compiled step.
class Training {
 public:
  /// `beginning`: the lines that samples are read after.
  Training(const Plan& plan, const sluice::text::Vocabulary& vocabulary, std::string beginning,
           std::vector<std::int32_t> tokens, const TrainingState& state = {});

  /// Everything that changes.
  void members(const sluice::Members& m) const;
  /// Restores a saved training, but for what has changed. Throws Error if it does not fit, before changing
  /// anything.
  void restore(const Saved& saved, const Changes& changes);
  /// Writes a checkpoint atomically. Throws Error if that fails.
  void save(const std::string& path) const;
  /// Whether all numbers that a checkpoint would hold are finite.
  bool is_finite() const;

  /// Trains on the next window.
  StepResult step();
  /// Records a validation loss, of an epoch that is over or of a moment between two; returns whether it is
  /// the best so far.
  bool note_validation(double nats, bool epoch_over);

  /// The share of the budget that is spent, in [0, 1], and the number of steps that are left of a budget of
  /// steps or epochs.
  double share_done() const;
  double steps_left() const;
  double epochs_done() const;  ///< with a fraction

  const Plan& plan() const { return plan_; }
  const Model& model() const { return model_; }
  const sluice::text::Vocabulary& vocabulary() const { return vocabulary_; }
  const std::string& beginning() const { return beginning_; }
  sluice::optim::EarlyStopping& stopping() { return stopping_; }
  TrainingState& state() { return state_; }
  std::int64_t windows_per_epoch() const { return static_cast<std::int64_t>(batches_.windows_per_epoch()); }
  std::int64_t tokens_per_step() const { return plan_.train.batch * plan_.train.length; }

 private:
  sluice::Tensors loss_and_update(const sluice::Tensor& x, const sluice::Tensor& y);
  void seek(const Saved& saved, const Changes& changes);
  /// The budget, in its own unit: where the schedule began, what is done, and the end.
  struct Span {
    double from, now, end;
  };
  Span span() const;
  void begin_schedule();

  Plan plan_;
  sluice::text::Vocabulary vocabulary_;
  std::string beginning_;
  sluice::text::Batches batches_;
  TrainingState state_;
  Model model_;
  sluice::nn::CarriedState carried_;
  sluice::Variable dropout_key_;
  sluice::Variable progress_;
  sluice::Variable epochs_;
  std::unique_ptr<sluice::optim::Optimizer> optimizer_;
  std::optional<sluice::optim::Plateau> plateau_;
  sluice::optim::EarlyStopping stopping_;
  sluice::Program step_;
};

}  // namespace lm
