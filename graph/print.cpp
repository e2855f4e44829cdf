#include <sluice/graph/leaf.h>
#include <sluice/graph/print.h>
#include <sluice/graph/walk.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace sluice {

namespace {

/// The short names of a graph's values: a0 for inputs, v0 for Variables, %0 for what is computed.
class Names {
 public:
  explicit Names(const Graph& graph) : order_(topological_order(graph.results())) {
    for (const Tensor& input : graph.inputs) names_[&input.node()] = fmt::format("a{}", inputs_++);
    for (const Node* node : order_) name(*node);
  }

  const std::vector<const Node*>& order() const { return order_; }
  const std::string& of(const Node& node) const { return names_.at(&node); }

  std::string of(const Tensor& t) const {
    return t.node().outputs.size() == 1 ? of(t.node()) : fmt::format("{}.{}", of(t.node()), t.output());
  }

  std::string list(const Tensors& tensors) const {
    std::vector<std::string> parts;
    std::transform(tensors.begin(), tensors.end(), std::back_inserter(parts),
                   [&](const Tensor& t) { return of(t); });
    return fmt::format("{}", fmt::join(parts, ", "));
  }

 private:
  void name(const Node& node) {
    if (names_.count(&node) > 0) return;
    const bool scalar = node.outputs.front().shape.size() == 1;
    if (variable_read_by(node).defined()) {
      names_[&node] = fmt::format("v{}", variables_++);
    } else if (scalar && leaf_of(node) != nullptr && leaf_of(node)->data() != nullptr) {
      names_[&node] = node.op->attributes();  // a number is its own name
    } else {
      names_[&node] = fmt::format("%{}", computed_++);
    }
  }

  std::vector<const Node*> order_;
  std::unordered_map<const Node*, std::string> names_;
  int inputs_ = 0;
  int variables_ = 0;
  int computed_ = 0;
};

std::string call(const Node& node, const Names& names) {
  const std::string attributes = node.op->attributes();
  const std::string inputs = names.list(node.inputs);
  return fmt::format("{}({}{}{})", node.op->name(), inputs, inputs.empty() || attributes.empty() ? "" : ", ",
                     attributes);
}

/// Specs of the outputs that are used, as "f32[2, 3]" or "0: f32[2], 2: f32[3]".
std::string specs(const Node& node, const std::vector<bool>& used) {
  if (node.outputs.size() == 1) return node.outputs.front().text();
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (used[i]) parts.push_back(fmt::format("{}: {}", i, node.outputs[i].text()));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

void print(const Graph& graph, const std::string& indent, std::string& text) {
  const Names names(graph);
  std::unordered_map<const Node*, std::vector<bool>> used;
  const auto mark = [&](const Tensor& t) {
    auto& outputs = used[&t.node()];
    outputs.resize(t.node().outputs.size());
    outputs[static_cast<std::size_t>(t.output())] = true;
  };
  for (const Node* node : names.order()) std::for_each(node->inputs.begin(), node->inputs.end(), mark);
  for (const Tensor& result : graph.results()) mark(result);

  std::vector<std::string> inputs;
  for (const Tensor& input : graph.inputs)
    inputs.push_back(fmt::format("{}: {}", names.of(input), input.spec().text()));
  text += fmt::format("{}graph({}) {{\n", indent, fmt::join(inputs, ", "));
  for (const Node* node : names.order()) {
    const std::string& name = names.of(*node);
    if (variable_read_by(*node).defined()) {
      text += fmt::format("{}  {} = variable  {}\n", indent, name, node->outputs.front().text());
    } else if (name.front() == '%') {
      text += fmt::format("{}  {} = {}  {}\n", indent, name, call(*node, names), specs(*node, used[node]));
      if (const Graph* body = node->op->body()) print(*body, indent + "    ", text);
    }
  }
  for (const Graph::Write& write : graph.writes) {
    const bool shown = write.before.defined() && used.count(&write.before.node()) > 0;
    text += fmt::format("{}  {} <- {}\n", indent, shown ? names.of(write.before) : "variable",
                        names.of(write.value));
  }
  text += fmt::format("{}  return {}\n{}}}\n", indent, names.list(graph.outputs), indent);
}

std::string escaped(std::string text) {
  for (std::size_t at = 0; (at = text.find('"', at)) != std::string::npos; at += 2) text.insert(at, 1, '\\');
  return text;
}

}  // namespace

std::string to_text(const Graph& graph) {
  std::string text;
  print(graph, "", text);
  return text;
}

std::string to_text(const Tensor& tensor) {
  Graph graph;
  graph.outputs = {tensor};
  return to_text(graph);
}

std::string to_dot(const Graph& graph) {
  const Names names(graph);
  std::unordered_map<const Node*, std::size_t> ids;
  std::string text = "digraph {\n  rankdir=TB;\n  node [shape=box, fontname=monospace];\n";
  for (const Node* node : names.order()) {
    const std::size_t id = ids.emplace(node, ids.size()).first->second;
    const std::string attributes = node->op->attributes();
    text += fmt::format("  n{} [label=\"{}{}\\n{}\"{}];\n", id, node->op->name(),
                        attributes.empty() ? "" : escaped(fmt::format(" {}", attributes)),
                        node->outputs.front().text(), node->inputs.empty() ? ", style=rounded" : "");
    for (const Tensor& input : node->inputs)
      text += fmt::format("  n{} -> n{};\n", ids.at(&input.node()), id);
  }
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    text += fmt::format("  out{0} [label=\"output {0}\", shape=plaintext];\n  n{1} -> out{0};\n", i,
                        ids.at(&graph.outputs[i].node()));
  }
  for (std::size_t i = 0; i < graph.writes.size(); ++i) {
    text += fmt::format("  write{0} [label=\"write {0}\", shape=plaintext];\n  n{1} -> write{0};\n", i,
                        ids.at(&graph.writes[i].value.node()));
  }
  return text + "}\n";
}

}  // namespace sluice
