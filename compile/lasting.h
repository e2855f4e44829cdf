#pragma once

#include <sluice/graph/trace.h>

namespace sluice {

/// A graph in two parts: what depends only on constants and on Variables that the graph does not write, which
/// is computed once for many runs, and the rest. When weights do not change, merging and packing them costs
/// nothing in a run.
struct Lasting {
  Graph once;                  ///< no inputs; its outputs are the last inputs of `each`
  Graph each;                  ///< the inputs of the graph, what `once` computes, then the values of `read`
  std::vector<Variable> read;  ///< whose values are the last inputs of `each`
  std::vector<Variable> watched;  ///< whose change means that `once` must run again; those read among them
};

/// Divides a graph. Where nothing lasts, `each` is the graph.
Lasting split_lasting(const Graph& graph);

}  // namespace sluice
