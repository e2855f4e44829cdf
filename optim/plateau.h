#pragma once

#include <sluice/graph/members.h>
#include <sluice/optim/optimizer.h>

namespace sluice::optim {

/// The desired direction of the observed number: min for a loss, max for an accuracy.
enum class PlateauMode { min, max };

/// How much better than the best so far a number must be: by threshold * |best|, or by threshold itself.
enum class ThresholdMode { relative, absolute };

struct PlateauOptions {
  double factor = 0.1;      ///< multiplier of the learning rate on a plateau
  int patience = 10;        ///< number of reports without improvement that are tolerated
  double threshold = 1e-4;  ///< the margin of an improvement
  int cooldown = 0;         ///< number of reports ignored after lowering the rate
  double minimum = 0;       ///< lower bound of the learning rate
  PlateauMode mode = PlateauMode::min;
  ThresholdMode threshold_mode = ThresholdMode::relative;
};

/// Lowers the learning rate of an optimiser when a loss stops falling, or a score stops rising: report the
/// validation loss after every epoch. With a relative margin a loss improves if loss < best - threshold
/// |best|. As PyTorch's ReduceLROnPlateau, whose relative margin however changes sign below 0; changes of
/// less than 1e-8 are not made. It runs between steps, not inside compiled functions; its state is in
/// Variables, so a resumed run continues exactly.
class Plateau {
 public:
  /// Throws Error unless 0 <= factor < 1 and the other options are not negative.
  explicit Plateau(const Optimizer& optimizer, const PlateauOptions& options = {},
                   Location where = Location::current());

  /// Reports a loss; returns true if that lowered the learning rate. NaN counts as no improvement.
  bool observe(double loss, Location where = Location::current());

  /// "best", "bad" (reports without improvement), "cooldown" (reports still to be ignored).
  void members(const Members& m) const;
  /// The same for a list without names of parts: "plateau.best", "plateau.bad", "plateau.cooldown".
  NamedVariables variables() const;

 private:
  PlateauOptions options_;
  Variable learning_rate_;
  Variable best_;
  Variable bad_;
  Variable cooldown_;
};

}  // namespace sluice::optim
