#pragma once

#include <sluice/graph/trace.h>

namespace sluice {

/// Throws Error naming the node unless the Graph is legal: all tensors are defined; every placeholder reached
/// is an input of this graph; Variables are read when it begins to run; every node's outputs are what its op
/// infers from its inputs; every value written has the spec of its Variable, and no Variable is written
/// twice; bodies are legal graphs themselves. Runs after tracing and, in every build, after every pass that
/// changes the graph.
void verify(const Graph& graph);

}  // namespace sluice
