#pragma once

#include <sluice/compile/blocks.h>

#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace sluice::detail {

/// Nodes of a block that are to become one. Groups are taken only where that makes no circle, that is where
/// no member needs another one, also through groups taken before.
class Contraction {
 public:
  explicit Contraction(const Survey& survey) : survey_(survey) {}

  /// Takes as many of the nodes as can be one, from the first on; returns them, or none if that is only one.
  std::vector<const Node*> add(const std::vector<const Node*>& nodes);

  /// All nodes, inputs before users, the members of a group next to each other.
  std::vector<const Node*> order() const;

 private:
  /// What a node needs: its inputs, and those of its group.
  void for_each_input(const Node& node, const std::function<void(const Node&)>& visit) const;
  bool needs_any(const std::vector<const Node*>& nodes, const std::unordered_set<const Node*>& others,
                 Index first) const;

  const Survey& survey_;
  std::vector<std::vector<const Node*>> groups_;
  std::unordered_map<const Node*, std::size_t> group_of_;
  struct Span {
    Index first;
    Index last;
  };
  std::vector<Span> spans_;  ///< positions of each group's first and last member
};

}  // namespace sluice::detail
