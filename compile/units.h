#pragma once

#include <sluice/graph/walk.h>

namespace sluice {

/// Nodes that become one kernel: a fusion group of elementwise ops of one shape, or a single node.
using Unit = std::vector<const Node*>;

/// Divides the nodes (inputs before users) into units and orders these: no unit depends on a later one. With
/// `fuse`, connected elementwise nodes of one shape form units, as large as possible while convex (no path
/// leaves a unit and re-enters it), in pieces of at most `largest`. Nodes that only `last` tensors need come
/// at the end.
std::vector<Unit> make_units(const std::vector<const Node*>& order, const Tensors& results,
                             const Tensors& last, bool fuse, std::size_t largest);

}  // namespace sluice
