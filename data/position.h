#pragma once

#include <sluice/graph/variable.h>

#include <cstdint>
#include <string_view>

namespace sluice::data {

/// A place in data that are read batch by batch, epoch after epoch.
struct Position {
  std::int64_t epoch = 0;  ///< epochs completed
  std::int64_t batch = 0;  ///< batches of this epoch completed; below batches_per_epoch()
  friend bool operator==(const Position&, const Position&) = default;
};

namespace detail {

/// A Position in a Variable i32[2], which checkpoints hold like any other. Copies share the Variable.
class PositionVariable {
 public:
  PositionVariable();

  /// Throws Error "[who] ..." unless an epoch of `batches` batches has the position.
  Position get(std::string_view who, std::int64_t batches) const;
  void set(Position position, std::string_view who, std::int64_t batches) const;
  /// Moves from a position to the batch behind it, which may be the first of the next epoch.
  void advance(Position from, std::int64_t batches) const;

  NamedVariables variables() const { return {{"position", variable_}}; }

 private:
  Variable variable_;
};

}  // namespace detail

}  // namespace sluice::data
