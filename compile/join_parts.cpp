// Applies an op once to the whole instead of alike to all of its parts:
//
//   sum(x[..., 0:2], axis 0), sum(x[..., 2:5], axis 0)        = slices of sum(x, axis 0)
//   concat(x[:, 0:2], y[:, 0:2]), concat(x[:, 2:5], y[:, 2:5]) = slices of concat(x, y), along axis 0
//
// These remain of biases and weights of single gates when their gradients are parts of one product. The parts
// must cover the whole, so that nothing unneeded is computed.

#include <sluice/compile/blocks.h>
#include <sluice/compile/passes.h>
#include <sluice/ops/inspect.h>

#include <algorithm>
#include <map>

namespace sluice {

namespace {

using detail::Block;
using detail::Now;
using detail::Survey;

/// Whether columns keep their index and do not interact: a sum or a concat along other axes.
bool keeps_last_axis(const Node& node) {
  const Index last = node.inputs.empty() ? -1 : node.inputs[0].rank() - 1;
  if (last < 1) return false;
  if (const auto sum = detail::sum_axes(*node.op)) return !detail::has_axis(sum->axes, last);
  const auto axis = detail::concat_axis(*node.op);
  return axis && *axis != last;
}

/// The range of the last axis that all inputs take of wholes of the same width; null if there is no common
/// one.
const Range* common_cut(const Node& node) {
  const Range* common = nullptr;
  for (const Tensor& input : node.inputs) {
    const auto* ranges = detail::slice_ranges(input.op());
    if (ranges == nullptr || ranges->back().step != 1) return nullptr;
    const Shape& whole = input.input(0).shape();
    if (!(whole.with(whole.rank() - 1, input.shape().back()) == input.shape())) return nullptr;
    if (common == nullptr) common = &ranges->back();
    if (common->begin != ranges->back().begin || common->end != ranges->back().end) return nullptr;
    if (whole.back() != node.inputs[0].input(0).shape().back()) return nullptr;
  }
  return common;
}

/// Nodes with one op and the same wholes, by the beginning of their part.
using Parts = std::map<Index, const Node*>;

bool cover(const Parts& parts) {
  Index filled = 0;
  for (const auto& [begin, node] : parts) {
    if (begin != filled) return false;
    filled += node->inputs[0].shape().back();
  }
  return parts.size() > 1 && filled == parts.begin()->second->inputs[0].input(0).shape().back();
}

Tensors join_parts_of(const Block& block) {
  const Survey survey(block);
  std::map<std::pair<std::string, std::vector<std::pair<const Node*, int>>>, Parts> alike;
  for (const Node* node : survey.order()) {
    const Range* range = keeps_last_axis(*node) ? common_cut(*node) : nullptr;
    if (range == nullptr) continue;
    std::vector<std::pair<const Node*, int>> wholes;
    for (const Tensor& input : node->inputs)
      wholes.emplace_back(&input.input(0).node(), input.input(0).output());
    const std::string what = std::string(node->op->name()) + " " + node->op->attributes();
    alike[{what, wholes}].emplace(range->begin, node);  // of equal ones the first
  }
  std::map<const Node*, const Parts*> member_of;
  for (const auto& [what, parts] : alike) {
    if (!cover(parts)) continue;
    for (const auto& [begin, node] : parts) member_of.emplace(node, &parts);
  }
  if (member_of.empty()) return block.results;
  std::map<const Parts*, Tensor> wholes;
  return detail::rebuilt(block, survey.order(), [&](const Node& node, const Now& now) -> Tensors {
    const auto found = member_of.find(&node);
    if (found == member_of.end()) return {};
    Tensor& whole = wholes[found->second];
    if (!whole.defined()) {
      Tensors inputs;
      for (const Tensor& input : node.inputs) inputs.push_back(now(input.input(0)));
      whole = make(node.op, std::move(inputs), node.where);
    }
    const Range* range = common_cut(node);
    return {slice(Operand(whole, node.where), -1, range->begin, range->end)};
  });
}

}  // namespace

Graph passes::join_parts(const Graph& graph) { return detail::rewrite_blocks(graph, join_parts_of); }

}  // namespace sluice
