#include <sluice/graph/walk.h>

#include <unordered_set>

namespace sluice {

std::vector<const Node*> topological_order(const Tensors& roots, int lowest_level) {
  std::vector<const Node*> order;
  std::unordered_set<const Node*> seen;
  struct Visit {
    const Node* node;
    std::size_t next_input;
  };
  std::vector<Visit> stack;
  for (const Tensor& root : roots) {
    if (root.node().level >= lowest_level && seen.insert(&root.node()).second)
      stack.push_back({&root.node(), 0});
    while (!stack.empty()) {
      Visit& visit = stack.back();
      if (visit.next_input == visit.node->inputs.size()) {
        order.push_back(visit.node);
        stack.pop_back();
        continue;
      }
      const Node& input = visit.node->inputs[visit.next_input++].node();
      if (input.level >= lowest_level && seen.insert(&input).second) stack.push_back({&input, 0});
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
