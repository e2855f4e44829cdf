#include <sluice/compile/lasting.h>
#include <sluice/compile/zero.h>
#include <sluice/graph/leaf.h>
#include <sluice/graph/scope.h>
#include <sluice/graph/walk.h>

#include <algorithm>
#include <unordered_set>

namespace sluice {

namespace {

/// Nodes whose values can be cached from run to run.
std::unordered_set<const Node*> lasting_nodes(const Graph& graph, const std::vector<const Node*>& order) {
  std::unordered_set<const detail::Slot*> written;
  for (const Graph::Write& write : graph.writes) written.insert(write.variable.slot().get());
  std::unordered_set<const Node*> lasting;
  for (const Node* node : order) {
    const auto* read = dynamic_cast<const Read*>(node->op.get());
    const bool placeholder = dynamic_cast<const Placeholder*>(node->op.get()) != nullptr;
    const bool changes = placeholder || (read != nullptr && written.count(read->slot.get()) > 0);
    const bool inputs_last = std::all_of(node->inputs.begin(), node->inputs.end(),
                                         [&](const Tensor& t) { return lasting.count(&t.node()) > 0; });
    if (!changes && inputs_last && !node->op->is_observed()) lasting.insert(node);
  }
  return lasting;
}

}  // namespace

Lasting split_lasting(const Graph& graph) {
  const std::vector<const Node*> order = topological_order(graph.results());
  const auto lasting = lasting_nodes(graph, order);
  // Cached values that uncached nodes use. Constants stay where they are, and so do zeros that loops begin
  // with.
  Tensors computed;
  Tensors reads;
  TensorMap<bool> seen;
  const auto want = [&](const Tensor& t) {
    if (lasting.count(&t.node()) == 0 || !seen.emplace(t, true).second) return;
    if (leaf_of(t.node()) == nullptr) computed.push_back(t);
    if (variable_read_by(t.node()).defined()) reads.push_back(t);
  };
  for (const Node* node : order) {
    if (lasting.count(node) > 0) continue;
    for (std::size_t i = 0; i < node->inputs.size(); ++i) {
      if (!begins_with_zero(*node, i)) want(node->inputs[i]);
    }
  }
  const Tensors results = graph.results();
  std::for_each(results.begin(), results.end(), want);

  Lasting split;
  split.each = graph;
  if (computed.empty() && reads.empty()) return split;
  for (const Node* node : order) {
    const Variable variable = variable_read_by(*node);
    if (variable.defined() && lasting.count(node) > 0) split.watched.push_back(variable);
  }
  for (const Tensor& t : reads) split.read.push_back(variable_read_by(t.node()));
  split.once.outputs = computed;
  const detail::Scope scope(detail::Scope::Kind::function);
  TensorMap<Tensor> given;
  const auto give = [&](const Tensor& t) {
    split.each.inputs.push_back(scope.placeholder(t.spec()));
    given.emplace(t, split.each.inputs.back());
  };
  std::for_each(computed.begin(), computed.end(), give);
  std::for_each(reads.begin(), reads.end(), give);
  const Tensors replaced = substitute(results, given);
  const auto outputs = replaced.begin() + static_cast<std::ptrdiff_t>(graph.outputs.size());
  split.each.outputs.assign(replaced.begin(), outputs);
  for (std::size_t i = 0; i < graph.writes.size(); ++i)
    split.each.writes[i].value = outputs[static_cast<std::ptrdiff_t>(i)];
  return split;
}

}  // namespace sluice
