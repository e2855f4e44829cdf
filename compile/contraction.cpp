#include <sluice/compile/contraction.h>

#include <algorithm>

namespace sluice::detail {

void Contraction::for_each_input(const Node& node, const std::function<void(const Node&)>& visit) const {
  const auto group = group_of_.find(&node);
  if (group == group_of_.end()) {
    for (const Tensor& input : node.inputs) visit(input.node());
    return;
  }
  for (const Node* member : groups_[group->second]) {
    for (const Tensor& input : member->inputs) visit(input.node());
  }
}

/// `first` is the position of the first of them. Nodes before it need none of them, unless a group extends
/// from there to behind it.
bool Contraction::needs_any(const std::vector<const Node*>& nodes,
                            const std::unordered_set<const Node*>& others, Index first) const {
  const bool ordered = std::none_of(spans_.begin(), spans_.end(), [&](const Span& span) {
    return span.first < first && span.last >= first;
  });
  std::vector<const Node*> stack;
  std::unordered_set<const Node*> seen;
  const auto visit = [&](const Node& next) {
    if (ordered && survey_.position(next) < first) return;
    if (seen.insert(&next).second) stack.push_back(&next);
  };
  for (const Node* node : nodes) for_each_input(*node, visit);
  while (!stack.empty()) {
    const Node* next = stack.back();
    stack.pop_back();
    if (others.count(next) > 0) return true;
    for_each_input(*next, visit);
  }
  return false;
}

std::vector<const Node*> Contraction::add(const std::vector<const Node*>& nodes) {
  std::vector<const Node*> taken;
  std::unordered_set<const Node*> members;
  Span span{};
  for (const Node* node : nodes) {
    if (group_of_.count(node) > 0) continue;
    const Index position = survey_.position(*node);
    const Index first = taken.empty() ? position : std::min(span.first, position);
    if (!taken.empty() && (needs_any({node}, members, first) || needs_any(taken, {node}, first))) continue;
    span = {first, taken.empty() ? position : std::max(span.last, position)};
    taken.push_back(node);
    members.insert(node);
  }
  if (taken.size() < 2) return {};
  for (const Node* node : taken) group_of_.emplace(node, groups_.size());
  groups_.push_back(taken);
  spans_.push_back(span);
  return taken;
}

std::vector<const Node*> Contraction::order() const {
  std::vector<const Node*> order;
  std::unordered_set<const Node*> entered;
  std::unordered_set<const Node*> left;
  for (const Node* root : survey_.order()) {
    std::vector<const Node*> stack{root};
    while (!stack.empty()) {
      const Node* node = stack.back();
      const auto group = group_of_.find(node);
      if (left.count(node) > 0) {
        stack.pop_back();
      } else if (entered.insert(node).second) {
        for_each_input(*node, [&](const Node& input) {
          if (left.count(&input) == 0) stack.push_back(&input);
        });
      } else {
        stack.pop_back();
        if (group == group_of_.end()) {
          order.push_back(node);
          left.insert(node);
          continue;
        }
        for (const Node* member : groups_[group->second]) {
          order.push_back(member);
          left.insert(member);
        }
      }
    }
  }
  return order;
}

}  // namespace sluice::detail
