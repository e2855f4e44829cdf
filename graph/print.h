#pragma once

#include <sluice/graph/trace.h>

#include <string>

namespace sluice {

/// The graph as text, one node per line: `%3 = matmul(%0, v1)  f32[50, 128]`. Inputs are called a0, a1, ...,
/// Variables v0, v1, ...; bodies of scans are indented below their line. Only what the results need is shown.
std::string to_text(const Graph& graph);
/// The tensor and all it depends on.
std::string to_text(const Tensor& tensor);

/// The graph in Graphviz's language: `dot -Tsvg`. Scans are shown as one node.
std::string to_dot(const Graph& graph);

}  // namespace sluice
