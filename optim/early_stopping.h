#pragma once

#include <sluice/graph/members.h>
#include <sluice/graph/variable.h>

#include <cstdint>

namespace sluice::optim {

/// Remembers the best validation loss of a training, says which model to keep, and when to stop (Prechelt,
/// "Early Stopping - But When?", 1998):
///
///     optim::EarlyStopping stopping(3);
///     while (!stopping.out_of_patience()) {
///       train_an_epoch();
///       if (stopping.observe(validate())) io::save("model.best", {{"model", model}});
///     }
///
/// Its state is in Variables, so a resumed training continues exactly.
class EarlyStopping {
 public:
  /// Out of patience after `patience` reports in a row without a better loss; 0: never. Throws Error if it
  /// is negative.
  explicit EarlyStopping(std::int64_t patience = 0, Location where = Location::current());

  /// Reports a loss; returns true if it is below all before: this is the model to keep. NaN counts as no
  /// improvement.
  bool observe(double loss, Location where = Location::current());
  /// The same for a loss that patience does not count, such as one between two epochs.
  bool consider(double loss, Location where = Location::current());

  /// The best loss so far; infinity before the first.
  double best() const;
  /// The number of reports since the best.
  std::int64_t bad() const;
  bool out_of_patience() const { return patience_ > 0 && bad() >= patience_; }
  /// Begins to count anew, and remembers the best.
  void be_patient_again();
  /// Begins anew: the next loss is the best. For a best model that is lost.
  void forget();

  /// "best", "bad".
  void members(const Members& m) const;
  /// The same for a list without names of parts: "stopping.best", "stopping.bad".
  NamedVariables variables() const;

 private:
  std::int64_t patience_;
  Variable best_;
  Variable bad_;
};

}  // namespace sluice::optim
