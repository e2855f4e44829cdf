#pragma once

#include <sluice/compile/scan_parts.h>
#include <sluice/graph/trace.h>

#include <functional>

namespace sluice {

/// What to put in place of a node, given its inputs as they are after rewriting: one tensor for each of its
/// outputs (undefined for one that is not there any more and nobody uses), or nothing to keep the node.
using NodeRule = std::function<Tensors(const Node& node, const Tensors& inputs)>;

/// What to put in place of a scan, given its parts after rewriting of its inputs and body: one tensor for
/// each output of the old node (undefined for those nobody uses), or nothing to keep it. See
/// ScanParts::outputs.
using ScanRule = std::function<Tensors(ScanParts parts)>;

/// The graph rebuilt with a rule applied to every node, inputs before users, in the bodies of scans too;
/// leaves and scans are not shown to a NodeRule. Nodes that a rule makes get the line of the node they stand
/// for. What no rule changes stays the same node. Time and depth of the stack do not depend on the number of
/// steps of a scan, nor does the stack on the number of nodes.
Graph rewrite(const Graph& graph, const NodeRule& rule);

/// The same with a rule for scans, inner ones before outer ones.
Graph rewrite_scans(const Graph& graph, const ScanRule& rule);

/// Gives the nodes that were made on the way from `from` to `made` this line.
void locate(const Tensors& made, const Tensors& from, Location where);

}  // namespace sluice
