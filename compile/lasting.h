#pragma once

#include <sluice/graph/trace.h>

namespace sluice {

/// A graph divided in two: the part that depends only on constants and on Variables that the graph does not
/// write, computed once and cached for many runs, and the rest. While weights do not change, merging and
/// packing them costs nothing in a run.
struct Lasting {
  Graph once;                  ///< no inputs; its outputs are the last inputs of `each`
  Graph each;                  ///< the inputs of the graph, the outputs of `once`, then the values of `read`
  std::vector<Variable> read;  ///< whose values are the last inputs of `each`
  std::vector<Variable> watched;  ///< Variables whose change requires `once` to run again; includes `read`
};

/// Divides a graph. If nothing can be cached, `each` is the graph.
Lasting split_lasting(const Graph& graph);

}  // namespace sluice
