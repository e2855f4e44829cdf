#include <sluice/compile/blocks.h>
#include <sluice/graph/leaf.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/scan_op.h>

#include <algorithm>
#include <memory>
#include <unordered_set>

namespace sluice::detail {

Survey::Survey(const Block& block) : block_(block), order_(topological_order(block.results)) {}

bool Survey::invariant(const Node& node) const {
  if (varying_.empty()) {
    varying_ = block_.written;
    varying_.insert(nullptr);  // marks the set as computed
    for (const Tensor& input : block_.inputs) {
      if (block_.captured.count(&input.node()) == 0) varying_.insert(&input.node());
    }
    for (const Node* other : order_) {
      if (std::any_of(other->inputs.begin(), other->inputs.end(),
                      [&](const Tensor& input) { return varying_.count(&input.node()) > 0; })) {
        varying_.insert(other);
      }
    }
  }
  return varying_.count(&node) == 0;
}

Index Survey::position(const Node& node) const {
  if (position_.empty()) {
    position_.reserve(order_.size());
    for (std::size_t i = 0; i < order_.size(); ++i) position_.emplace(order_[i], static_cast<Index>(i));
  }
  return position_.at(&node);
}

const std::vector<const Node*>& Survey::users(const Tensor& tensor) const {
  if (users_.empty()) {
    for (const Node* node : order_) {
      for (const Tensor& input : node->inputs) users_[input].push_back(node);
    }
    for (const Tensor& result : block_.results) users_[result].push_back(nullptr);
  }
  const auto found = users_.find(tensor);
  return found == users_.end() ? nobody_ : found->second;
}

OrderKey Survey::key(const Tensor& tensor) const {
  OrderKey offsets;  // of slices of slices, the innermost last
  Tensor base = tensor;
  for (const auto* ranges = slice_ranges(base.op()); ranges != nullptr; ranges = slice_ranges(base.op())) {
    for (auto range = ranges->rbegin(); range != ranges->rend(); ++range) offsets.push_back(range->begin);
    base = base.input(0);
  }
  const auto captured = block_.captured.find(&base.node());
  OrderKey key = captured == block_.captured.end() ? OrderKey{1, position(base.node()), base.output()}
                                                   : captured->second;
  if (captured != block_.captured.end()) key.insert(key.begin(), 0);
  key.insert(key.end(), offsets.rbegin(), offsets.rend());
  return key;
}

Tensors rebuilt(const Block& block, const std::vector<const Node*>& order, const Replacement& replace) {
  std::unordered_map<const Node*, Tensors> changed;
  const Now now = [&](const Tensor& t) {
    const auto found = changed.find(&t.node());
    return found == changed.end() ? t : found->second[static_cast<std::size_t>(t.output())];
  };
  const auto is_changed = [&](const Tensor& t) { return changed.count(&t.node()) > 0; };
  for (const Node* node : order) {
    Tensors outputs = replace(*node, now);
    if (outputs.empty()) {
      if (std::none_of(node->inputs.begin(), node->inputs.end(), is_changed)) continue;
      Tensors inputs;
      for (const Tensor& input : node->inputs) inputs.push_back(now(input));
      outputs = outputs_of(make(node->op, std::move(inputs), node->where));
    }
    changed.emplace(node, std::move(outputs));
  }
  Tensors results;
  for (const Tensor& result : block.results) results.push_back(now(result));
  return results;
}

namespace {

/// The scans among the nodes whose residuals are used.
std::unordered_set<const Node*> with_trail(const Block& block, const std::vector<const Node*>& order) {
  std::unordered_set<const Node*> found;
  const auto look = [&](const Tensor& t) {
    if (t.node().outputs.size() == 1) return;
    const auto* scan = dynamic_cast<const ScanOp*>(&t.op());
    if (scan != nullptr &&
        static_cast<std::size_t>(t.output()) >= scan->counts().carries + scan->counts().ys) {
      found.insert(&t.node());
    }
  };
  for (const Node* node : order) std::for_each(node->inputs.begin(), node->inputs.end(), look);
  std::for_each(block.results.begin(), block.results.end(), look);
  return found;
}

Tensors rewrite_block(Block block, const BlockRule& rule);

/// The scan with the rule applied to its body; null if that changes nothing.
std::shared_ptr<const ScanOp> rewrite_body(const Node& node, const ScanOp& scan, const Block& block,
                                           const Survey& survey, const BlockRule& rule) {
  const Graph& graph = *scan.body();
  Block body{graph.inputs, graph.outputs, block.depth + 1};
  for (std::size_t i = scan.counts().carries + scan.counts().xs; i < graph.inputs.size(); ++i) {
    body.captured.emplace(&graph.inputs[i].node(), survey.key(node.inputs[i]));
  }
  body.outside = block.outside;
  if (node.may_throw || !block.outside.empty()) {
    for (std::size_t i = 0; i < graph.inputs.size(); ++i)
      body.outside.emplace(graph.inputs[i], node.inputs[i]);
  }
  const Tensors results = rewrite_block(std::move(body), rule);
  if (std::equal(results.begin(), results.end(), graph.outputs.begin(),
                 [](const Tensor& a, const Tensor& b) { return a.is(b); })) {
    return nullptr;
  }
  return std::make_shared<ScanOp>(Graph{graph.inputs, results, {}}, scan.counts(), scan.length(),
                                  scan.reverse(), scan.recompute(), scan.step_count());
}

Tensors rewrite_block(Block block, const BlockRule& rule) {
  block.results = rule(block);
  const Survey survey(block);
  if (std::none_of(survey.order().begin(), survey.order().end(),
                   [](const Node* node) { return node->op->body() != nullptr; })) {
    return block.results;
  }
  const auto kept = with_trail(block, survey.order());
  return rebuilt(block, survey.order(), [&](const Node& node, const Now& now) -> Tensors {
    const auto* scan = node.op->body() == nullptr ? nullptr : dynamic_cast<const ScanOp*>(node.op.get());
    if (scan == nullptr || kept.count(&node) > 0) return {};
    const auto op = rewrite_body(node, *scan, block, survey, rule);
    if (op == nullptr) return {};
    Tensors inputs;
    for (const Tensor& input : node.inputs) inputs.push_back(now(input));
    return outputs_of(make(op, std::move(inputs), node.where));
  });
}

}  // namespace

Graph rewrite_blocks(const Graph& graph, const BlockRule& rule) {
  Block block{graph.inputs, graph.results()};
  for (const Graph::Write& write : graph.writes) block.written.insert(&write.before.node());
  const Tensors results = rewrite_block(std::move(block), rule);
  Graph changed = graph;
  std::copy_n(results.begin(), graph.outputs.size(), changed.outputs.begin());
  for (std::size_t i = 0; i < graph.writes.size(); ++i) {
    changed.writes[i].value = results[graph.outputs.size() + i];
  }
  return changed;
}

}  // namespace sluice::detail
