#pragma once

#include <sluice/optim/optimizer.h>

namespace sluice::optim {

/// What is to happen to the numbers observed: min, to fall, as a loss; max, to rise, as an accuracy.
enum class PlateauMode { min, max };

/// How far a number must be from the best so far to be better: by threshold * |best|, or by threshold itself.
enum class ThresholdMode { relative, absolute };

struct PlateauOptions {
  double factor = 0.1;      ///< of the learning rate, when it is lowered
  int patience = 10;        ///< reports without improvement that are tolerated
  double threshold = 1e-4;  ///< the margin of an improvement
  int cooldown = 0;         ///< reports after lowering that do not count
  double minimum = 0;       ///< the learning rate goes no lower
  PlateauMode mode = PlateauMode::min;
  ThresholdMode threshold_mode = ThresholdMode::relative;
};

/// Lowers the learning rate of an optimiser when a loss no longer falls, or a score no longer rises: report
/// the validation loss after every epoch. A loss improves where loss < best - threshold |best|, with a
/// relative margin. As PyTorch's ReduceLROnPlateau, but that its relative margin turns round below 0; a
/// change of less than 1e-8 is not made. It runs between steps, not inside compiled functions; its memory is
/// Variables, so that a resumed run goes on exactly.
class Plateau {
 public:
  /// Throws Error unless 0 <= factor < 1 and the other options are not negative.
  explicit Plateau(const Optimizer& optimizer, const PlateauOptions& options = {},
                   Location where = Location::current());

  /// Takes note of a loss; true when that lowered the learning rate. NaN counts as no improvement.
  bool observe(double loss, Location where = Location::current());

  /// "plateau.best", "plateau.bad" (reports without improvement), "plateau.cooldown" (reports that still do
  /// not count).
  NamedVariables variables() const;

 private:
  PlateauOptions options_;
  Variable learning_rate_;
  Variable best_;
  Variable bad_;
  Variable cooldown_;
};

}  // namespace sluice::optim
