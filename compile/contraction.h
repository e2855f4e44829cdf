#pragma once

#include <sluice/compile/blocks.h>

#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace sluice::detail {

/// Groups of nodes of a block, each to be replaced by one node. A group is accepted only if that makes no
/// cycle: no member depends on another one, also through groups accepted before.
class Contraction {
 public:
  explicit Contraction(const Survey& survey) : survey_(survey) {}

  /// Accepts as many of the nodes as can form one group, starting with the first; returns them, or nothing if
  /// that is only one.
  std::vector<const Node*> add(const std::vector<const Node*>& nodes);

  /// All nodes, inputs before users, the members of a group next to each other.
  std::vector<const Node*> order() const;

 private:
  /// Visits the inputs of a node and of its group.
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
