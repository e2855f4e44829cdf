#pragma once

#include <sluice/compile/scan_parts.h>
#include <sluice/graph/trace.h>

#include <functional>

namespace sluice {

/// Returns the replacement of a node, given its rewritten inputs: one tensor for each of its outputs
/// (undefined for an output that is gone and unused), or nothing to keep the node.
using NodeRule = std::function<Tensors(const Node& node, const Tensors& inputs)>;

/// Returns the replacement of a scan, given its parts after rewriting of its inputs and body: one tensor for
/// each output of the old node (undefined for unused ones), or nothing to keep it. See ScanParts::outputs.
using ScanRule = std::function<Tensors(ScanParts parts)>;

/// The graph rebuilt with a rule applied to every node, inputs before users, including bodies of scans; a
/// NodeRule does not see leaves and scans. Nodes made by a rule get the line of the node they replace. Nodes
/// that no rule changes are kept. Time and stack depth do not depend on the number of steps of a scan, nor
/// stack depth on the number of nodes.
Graph rewrite(const Graph& graph, const NodeRule& rule);

/// The same with a rule for scans, inner ones before outer ones.
Graph rewrite_scans(const Graph& graph, const ScanRule& rule);

/// Sets this line on the nodes made between `from` and `made`.
void locate(const Tensors& made, const Tensors& from, Location where);

}  // namespace sluice
