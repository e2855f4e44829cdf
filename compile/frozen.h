#pragma once

#include <sluice/graph/trace.h>

#include <vector>

namespace sluice {

/// Which Variables were frozen when a function was traced, as far as it asked: a training step compiled
/// before some of them were frozen, or unfrozen, is another program.
class FrozenFlags {
 public:
  explicit FrozenFlags(const Graph& graph) : asked_(graph.asked) {}

  /// Whether the function would be told the same now.
  bool hold() const;

 private:
  std::vector<Graph::Asked> asked_;
};

}  // namespace sluice
