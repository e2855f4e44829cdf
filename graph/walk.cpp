#include <sluice/graph/walk.h>

#include <cstdint>

namespace sluice {

namespace {

/// A set of nodes that does not allocate per node: every pass over a graph begins with the walk.
class SeenNodes {
 public:
  /// Whether the node is new.
  bool insert(const Node* node) {
    if (2 * (count_ + 1) > slots_.size()) grow();
    const Node*& slot = find(node);
    if (slot == node) return false;
    slot = node;
    ++count_;
    return true;
  }

 private:
  const Node*& find(const Node* node) {
    // Fibonacci hashing: the high bits of the product depend on all bits of the address.
    std::size_t at = static_cast<std::size_t>(
        (static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(node)) * 0x9e3779b97f4a7c15u) >> shift_);
    while (slots_[at] != nullptr && slots_[at] != node) at = (at + 1) % slots_.size();
    return slots_[at];
  }

  void grow() {
    std::vector<const Node*> old(slots_.empty() ? 64 : 2 * slots_.size());
    old.swap(slots_);
    shift_ = 64;
    for (std::size_t n = slots_.size(); n > 1; n /= 2) --shift_;
    for (const Node* node : old) {
      if (node != nullptr) find(node) = node;
    }
  }

  std::vector<const Node*> slots_;
  std::size_t count_ = 0;
  int shift_ = 64;
};

}  // namespace

std::vector<const Node*> topological_order(const Tensors& roots, int lowest_level) {
  std::vector<const Node*> order;
  SeenNodes seen;
  struct Visit {
    const Node* node;
    std::size_t next_input;
  };
  std::vector<Visit> stack;
  for (const Tensor& root : roots) {
    if (root.node().level >= lowest_level && seen.insert(&root.node())) stack.push_back({&root.node(), 0});
    while (!stack.empty()) {
      Visit& visit = stack.back();
      if (visit.next_input == visit.node->inputs.size()) {
        order.push_back(visit.node);
        stack.pop_back();
        continue;
      }
      const Node& input = visit.node->inputs[visit.next_input++].node();
      if (input.level >= lowest_level && seen.insert(&input)) stack.push_back({&input, 0});
    }
  }
  return order;
}

Tensors substitute(const Tensors& roots, const TensorMap<Tensor>& replacements, int lowest_level) {
  std::unordered_map<const Node*, std::shared_ptr<const Node>> rebuilt;
  const auto current = [&](const Tensor& t) {
    if (auto found = replacements.find(t); found != replacements.end()) return found->second;
    auto found = rebuilt.find(&t.node());
    return found == rebuilt.end() ? t : Tensor(found->second, t.output());
  };
  for (const Node* node : topological_order(roots, lowest_level)) {
    Tensors inputs;
    bool changed = false;
    for (const Tensor& input : node->inputs) {
      inputs.push_back(current(input));
      changed = changed || !inputs.back().is(input);
    }
    if (changed) rebuilt.emplace(node, make(node->op, std::move(inputs), node->where).shared_node());
  }
  Tensors results;
  for (const Tensor& root : roots) results.push_back(current(root));
  return results;
}

}  // namespace sluice
