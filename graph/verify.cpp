#include <sluice/graph/leaf.h>
#include <sluice/graph/verify.h>
#include <sluice/graph/walk.h>

#include <fmt/format.h>

#include <unordered_set>

namespace sluice {

namespace {

void verify_node(const Node& node, const std::unordered_set<const Node*>& inputs) {
  if (dynamic_cast<const Placeholder*>(node.op.get()) != nullptr) {
    if (inputs.count(&node) > 0) return;
    throw Error(
        fmt::format("[verify] every placeholder of a graph must be one of its inputs: got another one {}",
                    node.outputs.front().text()));
  }
  if (dynamic_cast<const Version*>(node.op.get()) != nullptr) {
    throw Error(
        fmt::format("[verify] a graph reads Variables when it begins to run: got a tensor {} that was read "
                    "before; trace the function that reads it",
                    node.outputs.front().text()));
  }
  if (!node.inputs.empty() && leaf_of(node) != nullptr) {
    throw Error(
        fmt::format("[verify] a leaf has no inputs: '{}' has {}", node.op->name(), node.inputs.size()));
  }
  Specs specs;
  for (const Tensor& input : node.inputs) {
    if (static_cast<std::size_t>(input.output()) >= input.node().outputs.size()) {
      throw Error(fmt::format("[verify] '{}' reads output {} of '{}', which has {}", node.op->name(),
                              input.output(), input.op().name(), input.node().outputs.size()));
    }
    specs.push_back(input.spec());
  }
  if (node.op->infer(specs) != node.outputs) {
    throw Error(fmt::format("[verify] the outputs of '{}' are not what its op infers from its inputs",
                            node.op->name()));
  }
  if (node.op->body() != nullptr) verify(*node.op->body());
}

}  // namespace

void verify(const Graph& graph) {
  std::unordered_set<const Node*> inputs;
  for (const Tensor& input : graph.inputs) {
    if (!input.defined() || dynamic_cast<const Placeholder*>(&input.op()) == nullptr) {
      throw Error("[verify] an input of a graph must be a placeholder");
    }
    if (!inputs.insert(&input.node()).second) throw Error("[verify] a graph has the same input twice");
  }
  for (const Tensor& result : graph.results()) {
    if (!result.defined())
      throw Error("[trace] a function returns tensors that were made: got an undefined Tensor; leave it out");
  }
  for (const Node* node : topological_order(graph.results())) {
    try {
      verify_node(*node, inputs);
    } catch (Error& error) {
      error.locate(node->where);
      throw;
    }
  }
  std::unordered_set<const detail::Slot*> written;
  for (const Graph::Write& write : graph.writes) {
    if (write.value.spec() != write.variable.spec()) {
      throw Error(fmt::format("[verify] a Variable keeps its spec: it has {}, the graph writes {}",
                              write.variable.spec().text(), write.value.spec().text()));
    }
    if (!written.insert(write.variable.slot().get()).second) {
      throw Error("[verify] a graph writes a Variable twice");
    }
    if (!write.before.defined() || !variable_read_by(write.before.node()).is(write.variable))
      throw Error("[verify] a write names the leaf that stands for its Variable");
  }
}

}  // namespace sluice
