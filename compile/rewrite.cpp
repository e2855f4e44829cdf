#include <sluice/compile/rewrite.h>
#include <sluice/graph/leaf.h>
#include <sluice/graph/walk.h>

#include <algorithm>
#include <unordered_set>

namespace sluice {

namespace {

/// Calls f on the nodes that `made` depends on, down to those for which `is_known` is true.
template <class IsKnown, class F>
void for_each_new(const Tensors& made, const IsKnown& is_known, const F& f) {
  std::unordered_set<const Node*> seen;
  std::vector<const Node*> stack;
  const auto visit = [&](const Tensor& t) {
    if (!t.defined() || is_known(&t.node()) || leaf_of(t.node()) != nullptr) return;
    if (seen.insert(&t.node()).second) stack.push_back(&t.node());
  };
  std::for_each(made.begin(), made.end(), visit);
  while (!stack.empty()) {
    const Node* node = stack.back();
    stack.pop_back();
    std::for_each(node->inputs.begin(), node->inputs.end(), visit);
    f(node);
  }
}

void set_where(const Node* node, Location where) {
  const_cast<Node*>(node)->where = where;  // just made: nobody else has seen it
}

/// Rewrites one graph: holds the replacements of its tensors, and the nodes the rules have seen.
class Rewriter {
 public:
  Rewriter(const Tensors& roots, const NodeRule& node_rule, const ScanRule& scan_rule)
      : roots_(roots), node_rule_(node_rule), scan_rule_(scan_rule), order_(topological_order(roots)) {
    for (const Node* node : order_) {
      for (const Tensor& input : node->inputs) mark(input);
    }
    std::for_each(roots.begin(), roots.end(), [this](const Tensor& root) { mark(root); });
  }

  Tensors run() {
    for (const Node* node : order_) {
      known_.insert(node);
      if (leaf_of(*node) == nullptr) visit(*node);
    }
    return current(roots_);
  }

 private:
  void mark(const Tensor& t) {
    if (t.op().body() == nullptr) return;
    std::vector<bool>& used = used_[&t.node()];
    used.resize(t.node().outputs.size());
    used[static_cast<std::size_t>(t.output())] = true;
  }

  Tensors current(const Tensors& tensors) const {
    Tensors now;
    now.reserve(tensors.size());
    for (const Tensor& t : tensors) {
      const auto found = replacements_.find(&t.node());
      now.push_back(found == replacements_.end() ? t : found->second[static_cast<std::size_t>(t.output())]);
    }
    return now;
  }

  static bool same(const Tensors& a, const Tensors& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const Tensor& x, const Tensor& y) { return x.is(y); });
  }

  void visit(const Node& node) {
    const Tensors inputs = current(node.inputs);
    Tensors made;
    const bool is_scan = dynamic_cast<const ScanOp*>(node.op.get()) != nullptr;
    if (is_scan) {
      made = scan(node, inputs);
    } else {
      if (node_rule_) made = node_rule_(node, inputs);
      if (made.empty() && !same(inputs, node.inputs)) made = outputs_of(make(node.op, inputs, node.where));
    }
    if (made.empty()) return;
    for_each_new(
        made, [this](const Node* other) { return known_.count(other) > 0; },
        [&](const Node* other) {
          if (!is_scan) set_where(other, node.where);  // the rule of a scan has set that of every node
          known_.insert(other);
        });
    replacements_.emplace(&node, std::move(made));
  }

  Tensors scan(const Node& node, const Tensors& inputs) {
    ScanParts parts(node, inputs, used_.at(&node));
    const Tensors before = parts.results();
    const Tensors after = Rewriter(before, node_rule_, scan_rule_).run();
    parts.set_results(after);
    if (scan_rule_) {
      if (Tensors made = scan_rule_(parts); !made.empty()) return made;
    }
    if (same(inputs, node.inputs) && same(before, after)) return {};
    return parts.outputs(parts.build());
  }

  const Tensors& roots_;
  const NodeRule& node_rule_;
  const ScanRule& scan_rule_;
  std::vector<const Node*> order_;
  std::unordered_map<const Node*, std::vector<bool>> used_;  // outputs of scans
  std::unordered_map<const Node*, Tensors> replacements_;
  std::unordered_set<const Node*> known_;
};

Graph rewritten(const Graph& graph, const NodeRule& node_rule, const ScanRule& scan_rule) {
  const Tensors roots = graph.results();
  const Tensors results = Rewriter(roots, node_rule, scan_rule).run();
  Graph after;
  after.inputs = graph.inputs;
  const auto writes = results.begin() + static_cast<std::ptrdiff_t>(graph.outputs.size());
  after.outputs.assign(results.begin(), writes);
  for (std::size_t i = 0; i < graph.writes.size(); ++i)
    after.writes.push_back(
        {graph.writes[i].variable, writes[static_cast<std::ptrdiff_t>(i)], graph.writes[i].before});
  return after;
}

}  // namespace

Graph rewrite(const Graph& graph, const NodeRule& rule) { return rewritten(graph, rule, {}); }

Graph rewrite_scans(const Graph& graph, const ScanRule& rule) { return rewritten(graph, {}, rule); }

void locate(const Tensors& made, const Tensors& from, Location where) {
  std::unordered_set<const Node*> known;
  for (const Tensor& t : from) known.insert(&t.node());
  for_each_new(
      made, [&](const Node* node) { return known.count(node) > 0; },
      [&](const Node* node) { set_where(node, where); });
}

}  // namespace sluice
