#pragma once

#include <sluice/io/checkpoint.h>
#include <sluice/text/vocabulary.h>

#include <string>
#include <string_view>

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
  std::string beginning;  ///< the lines of the text that a sample is read after

  /// The model alone. Throws Error if its parameters do not fit.
  Model model() const;
  /// The best validation loss so far; infinity if none was measured.
  double best() const;
  /// Whether it holds a model without its training.
  bool is_exported() const;
};

/// Reads a checkpoint. Throws UserError for one of another program or of an older version, Error for a
/// damaged or missing file.
Saved open_saved(const std::string& path);

/// The texts of a checkpoint; the vocabulary and the beginning are added by the caller.
std::map<std::string, std::string> texts_of(const Plan& plan, const TrainingState& state);

/// Throws UserError unless a model can be saved at this path: its folder must be writable, and a file there
/// be a checkpoint of this program or empty.
void require_replaceable(const std::string& path);

/// OUT.best: where the best model of the training that is saved in OUT is kept. A training that goes on from
/// its best model goes on in OUT.
std::string best_path(const std::string& out);
std::string out_path(const std::string& resumed);
/// Throws UserError for a name that is one of best models.
void require_no_best_path(const std::string& out);

}  // namespace lm
