#pragma once

#include <sluice/graph/trace.h>

namespace sluice::test {

/// What the compiled form of a graph computes for these arguments: the other way to run every graph in the
/// tests, compared with the interpreter.
Tensors run_compiled(const Graph& graph, const Tensors& arguments);

}  // namespace sluice::test
