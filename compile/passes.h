#pragma once

#include <sluice/graph/trace.h>

namespace sluice::passes {

// The functions of the passes. Each is described in its source file, compile/<name>.cpp.

Graph scan_form(const Graph& graph);
Graph simplify(const Graph& graph);
Graph split_concats(const Graph& graph);
Graph split_stacks(const Graph& graph);
Graph merge_in_loops(const Graph& graph);
Graph merge_matmuls(const Graph& graph);
Graph join_stacks(const Graph& graph);
Graph join_parts(const Graph& graph);
Graph gather_matmul(const Graph& graph);
Graph join_addends(const Graph& graph);
Graph add_to_products(const Graph& graph);
Graph chunk_rows(const Graph& graph);
Graph share(const Graph& graph);
Graph sink_accumulators(const Graph& graph);
Graph split_scans(const Graph& graph);

}  // namespace sluice::passes
