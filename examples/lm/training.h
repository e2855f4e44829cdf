#pragma once

#include <sluice/io/checkpoint.h>
#include <sluice/nn/carried_state.h>
#include <sluice/optim/plateau.h>
#include <sluice/text/batches.h>
#include <sluice/text/vocabulary.h>

#include <memory>
#include <optional>
#include <string>

#include "in_place.h"
#include "model.h"
#include "settings.h"
#include "text_source.h"
#include "training_state.h"

namespace lm {

/// Everything decided before a training begins.
struct Plan {
  ModelSettings model;
  TrainSettings train;
  Budget budget;
  TextIdentity text;
};

/// The contents of a checkpoint of this program.
struct Saved {
  sluice::io::Checkpoint checkpoint;
  Plan plan;
  TrainingState state;
  sluice::text::Vocabulary vocabulary;

  /// The model alone. Throws Error if its parameters do not fit.
  Model model() const;
};

/// Reads a checkpoint. Throws UserError for one of another program, Error for a damaged or missing file.
Saved open_saved(const std::string& path);

/// A training: a model, its optimiser and state, and one compiled step.
class Training {
 public:
  Training(const Plan& plan, const sluice::text::Vocabulary& vocabulary, std::vector<std::int32_t> tokens);

  /// Restores a saved training. Throws Error if it does not fit, before changing anything.
  void restore(const Saved& saved);
  /// Writes a checkpoint atomically.
  void save(const std::string& path) const;

  /// Trains on the next window, `progress` being the fraction of the training that is done. Returns the loss
  /// in nats.
  double step(double progress);
  /// Records the validation loss after an epoch, or that there is none.
  void note_epoch(std::optional<double> nats);

  const Plan& plan() const { return plan_; }
  const Model& model() const { return model_; }
  const sluice::text::Vocabulary& vocabulary() const { return vocabulary_; }
  TrainingState& state() { return state_; }
  std::int64_t windows_per_epoch() const { return static_cast<std::int64_t>(batches_.windows_per_epoch()); }
  std::int64_t tokens_per_step() const { return plan_.train.batch * plan_.train.length; }

  /// Everything that changes, by name.
  sluice::NamedVariables variables() const;

 private:
  sluice::Tensor loss_and_update(const sluice::Tensor& x, const sluice::Tensor& y);

  Plan plan_;
  sluice::text::Vocabulary vocabulary_;
  sluice::text::Batches batches_;
  Model model_;
  sluice::nn::CarriedState carried_;
  sluice::Variable dropout_key_;
  sluice::Variable progress_;
  std::unique_ptr<sluice::optim::Optimizer> optimizer_;
  std::optional<sluice::optim::Plateau> plateau_;
  TrainingState state_;
  InPlace step_;
};

}  // namespace lm
