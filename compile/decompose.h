#pragma once

#include <sluice/graph/trace.h>

namespace sluice {

/// The graph with every op that is made of others (Op::decompose) replaced by them, also in bodies of scans
/// and where those ops are themselves made of others. What may throw is kept (keep_errors.h), before and
/// after. Throws Error for an op that never comes to an end.
Graph decompose(const Graph& graph);

}  // namespace sluice
