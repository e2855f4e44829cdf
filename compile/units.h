#pragma once

#include <sluice/graph/walk.h>

namespace sluice {

/// Nodes that become one kernel: a group of elementwise ops of one shape, or a single node.
using Unit = std::vector<const Node*>;

/// Divides the nodes (inputs before users) into units, and orders these: no unit needs a later one. With
/// `fuse`, elementwise nodes of one shape that are connected make one unit, as large as can be without a path
/// that leaves the unit and comes back, in pieces of at most
/// `largest`. Nodes that only `last` tensors need come at the end.
std::vector<Unit> make_units(const std::vector<const Node*>& order, const Tensors& results,
                             const Tensors& last, bool fuse, std::size_t largest);

}  // namespace sluice
