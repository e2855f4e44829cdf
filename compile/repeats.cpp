#include <sluice/compile/repeats.h>
#include <sluice/graph/walk.h>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

namespace sluice {

namespace {

constexpr std::size_t most_steps_unrolled = 8;

/// Keys that nodes at the same position of a loop's body share: the op, its output and an input that no step
/// computes; one key for each such input. The first step also reads the start of the loop, which others do
/// not.
std::vector<std::string> likenesses(const Node& node) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const Node& read = node.inputs[i].node();
    if (!read.inputs.empty() || node.inputs[i].size() == 1) continue;
    texts.push_back(fmt::format("{} {} {} {} {}", node.op->name(), node.op->attributes(),
                                node.outputs.front().text(), i, static_cast<const void*>(&read)));
  }
  return texts;
}

/// The largest number of these nodes on one path.
std::size_t longest_chain(const std::vector<const Node*>& order, const std::vector<const Node*>& nodes) {
  const std::unordered_set<const Node*> alike(nodes.begin(), nodes.end());
  std::unordered_map<const Node*, std::size_t> length;
  std::size_t longest = 0;
  for (const Node* node : order) {
    std::size_t here = 0;
    for (const Tensor& input : node->inputs) {
      const auto found = length.find(&input.node());
      if (found != length.end()) here = std::max(here, found->second);
    }
    here += alike.count(node);
    if (here > 0) length.emplace(node, here);
    longest = std::max(longest, here);
  }
  return longest;
}

}  // namespace

std::string unrolled_loop_warning(const Graph& graph) {
  constexpr int most_tried = 16;
  const auto order = topological_order(graph.results());
  std::map<std::string, std::size_t> index;
  std::vector<std::vector<const Node*>> alike;
  for (const Node* node : order) {
    for (const std::string& text : likenesses(*node)) {
      const auto [found, inserted] = index.emplace(text, alike.size());
      if (inserted) alike.emplace_back();
      alike[found->second].push_back(node);
    }
  }
  std::size_t steps = 0;
  const Node* first = nullptr;
  int tried = 0;
  for (const auto& nodes : alike) {
    if (nodes.size() <= std::max(most_steps_unrolled, steps) || tried == most_tried) continue;
    ++tried;
    const std::size_t chain = longest_chain(order, nodes);
    if (chain <= std::max(most_steps_unrolled, steps)) continue;
    steps = chain;
    first = nodes.front();
  }
  if (first == nullptr) return {};
  const std::string line = first->where.of_user() ? ", " + first->where.text() : "";
  return fmt::format("looks like a loop of {} steps ('{}' of {}{}): write it as a scan", steps,
                     first->op->name(), first->outputs.front().text(), line);
}

}  // namespace sluice
