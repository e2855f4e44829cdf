// A large value [N, wide] that is computed from small ones and consumed by row-wise ops and sums over rows is
// never materialised: a loop computes some rows at a time, while they are in cache. So the head of a language
// model never has all its logits:
//
//   y = f(x), s = sum over rows of g(x)
//
// becomes, with x in chunks x_0, x_1, ... of rows
//
//   y_0 = f(x_0), s = sum of g(x_0),   then in a loop   y_k = f(x_k), s = s + sum of g(x_k)
//
// where y_0 exists only if the chunks cannot be equal: then the first one is shorter and computed before the
// loop. Otherwise sums begin with zero.

#include <sluice/compile/chunk_rows.h>
#include <sluice/compile/passes.h>
#include <sluice/compile/row_region.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/leaf.h>
#include <sluice/ops/broadcast_to.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/scan_op.h>
#include <sluice/ops/slice.h>

#include <algorithm>

namespace sluice {

namespace {

using detail::Block;
using detail::RowRegion;
using detail::Survey;

/// The division of rows, in units of a region: `first`, possibly zero, then `count` chunks of `each`.
struct Division {
  Index first = 0;
  Index count = 0;
  Index each = 0;
};

Division divided(Index units, const Tensor& largest, const RowChunks& sizes) {
  const Index rows = largest.size() / largest.shape().back();
  const auto bytes = static_cast<Index>(largest.spec().bytes());
  const auto wanted = static_cast<Index>(sizes.chunk_bytes);
  const Index least =
      std::max((sizes.least_rows * units + rows - 1) / rows, std::max<Index>(1, units * wanted / bytes));
  const Index chunks = (units + least - 1) / least;
  const Index each = (units + chunks - 1) / chunks;
  const Index count = units / each;
  return {units - count * each, count, each};
}

/// Replaces a region by a loop.
class Chunks {
 public:
  Chunks(const RowRegion& region, const Division& division, int level, Location where)
      : region_(region), division_(division), level_(level), where_(where) {}

  /// The replacements of the tensors that others read.
  TensorMap<Tensor> build() {
    const bool has_first = division_.first > 0;
    const auto first =
        has_first ? made_of_rows(region_, first_rows(), {}, division_.first) : TensorMap<Tensor>();
    TensorMap<Tensor> xs;
    for (const Tensor& x : region_.xs) xs.emplace(x, add_x(x));
    TensorMap<Tensor> whole;
    for (const Node* node : region_.nodes) add_captures(*node, whole);
    const auto made = made_of_rows(region_, xs, whole, division_.each);

    Tensors initial;
    for (const Tensor& total : region_.totals) {
      initial.push_back(has_first ? first.at(total) : zeros_like(total.spec()));
      const Tensor carry = placeholder(total.spec());
      body_.inputs.push_back(carry);
      body_.outputs.push_back(Operand(carry, where_) + made.at(total));
    }
    for (const Tensor& y : region_.ys) body_.outputs.push_back(made.at(y));
    body_.inputs.insert(body_.inputs.end(), inside_.begin(), inside_.end());
    body_.inputs.insert(body_.inputs.end(), captured_inside_.begin(), captured_inside_.end());
    const ScanOp::Counts counts{region_.totals.size(), outside_.size(), captured_.size(), region_.ys.size()};
    const auto op = std::make_shared<const ScanOp>(std::move(body_), counts, division_.count, false, false,
                                                   detail::StepCount{.hidden = true});
    const Carried loop = detail::scan_node(op, initial, outside_, captured_, where_);

    TensorMap<Tensor> results;
    for (std::size_t i = 0; i < region_.totals.size(); ++i) results.emplace(region_.totals[i], loop.carry[i]);
    for (std::size_t i = 0; i < region_.ys.size(); ++i) {
      const Tensor& y = region_.ys[i];
      const Shape rest = y.shape().with(0, rows_of(y, division_.count * division_.each));
      const Tensor others = reshape(Operand(loop.ys[i], where_), rest);
      results.emplace(y, has_first ? concat({first.at(y), others}, 0, where_) : others);
    }
    return results;
  }

 private:
  Tensor zeros_like(const Spec& spec) const {
    return broadcast_to(Operand(full({}, 0, spec.dtype), where_), spec.shape);
  }

  Index rows_of(const Tensor& t, Index units) const { return t.shape()[0] / region_.units * units; }

  Tensor rows(const Tensor& t, Index begin, Index end) const {
    return slice(Operand(t, where_), {Range{rows_of(t, begin), rows_of(t, end)}});
  }

  TensorMap<Tensor> first_rows() const {
    TensorMap<Tensor> first;
    for (const Tensor& x : region_.xs) first.emplace(x, rows(x, 0, division_.first));
    return first;
  }

  Tensor placeholder(const Spec& spec) const {
    return Tensor(
        std::make_shared<Node>(std::make_shared<Placeholder>(spec), Tensors{}, Specs{spec}, where_, level_));
  }

  Tensor add_x(const Tensor& x) {
    const Shape chunk = x.shape().with(0, rows_of(x, division_.each));
    const Tensor rest = rows(x, division_.first, region_.units);
    outside_.push_back(reshape(Operand(rest, where_), chunk.inserted(0, division_.count)));
    inside_.push_back(placeholder({x.dtype(), chunk}));
    return inside_.back();
  }

  /// Inputs that a node reads as a whole become captures, except numbers in formulas.
  void add_captures(const Node& node, TensorMap<Tensor>& whole) {
    const auto& by_rows = region_.by_rows.at(&node);
    for (std::size_t i = 0; i < by_rows.size(); ++i) {
      const Tensor& input = node.inputs[i];
      const auto* constant = dynamic_cast<const Constant*>(&input.op());
      if (by_rows[i] || (constant != nullptr && constant->literal) || whole.count(input) > 0) continue;
      captured_.push_back(input);
      captured_inside_.push_back(placeholder(input.spec()));
      whole.emplace(input, captured_inside_.back());
    }
  }

  const RowRegion& region_;
  const Division division_;
  int level_;
  Location where_;
  Graph body_;
  Tensors outside_;
  Tensors inside_;
  Tensors captured_;
  Tensors captured_inside_;
};

/// Computed values large enough for a loop, largest first.
Tensors seeds_of(const Survey& survey, std::size_t large_bytes) {
  Tensors seeds;
  for (const Node* node : survey.order()) {
    if (node->inputs.empty() || node->op->body() != nullptr) continue;
    const Tensor t(node->shared_from_this());
    if (t.rank() > 0 && t.shape()[0] > 1 && t.spec().bytes() > large_bytes) seeds.push_back(t);
  }
  std::stable_sort(seeds.begin(), seeds.end(),
                   [](const Tensor& a, const Tensor& b) { return a.spec().bytes() > b.spec().bytes(); });
  return seeds;
}

/// The block's results with a loop in place of the region.
Tensors with_loop(const Block& block, const Survey& survey, const RowRegion& region, const Division& division,
                  Location where) {
  const std::unordered_set<const Node*> inside(region.nodes.begin(), region.nodes.end());
  std::unordered_set<const Node*> behind = inside;
  std::vector<const Node*> order;
  std::vector<const Node*> after;
  int level = 0;
  for (const Node* node : survey.order()) {
    level = std::max(level, node->level);
    const bool depends = std::any_of(node->inputs.begin(), node->inputs.end(),
                                     [&](const Tensor& t) { return behind.count(&t.node()) > 0; });
    if (depends) behind.insert(node);
    if (inside.count(node) == 0) (depends ? after : order).push_back(node);
  }
  order.insert(order.end(), region.nodes.begin(), region.nodes.end());
  order.insert(order.end(), after.begin(), after.end());
  const TensorMap<Tensor> results = Chunks(region, division, level + 1, where).build();
  return detail::rebuilt(block, order, [&](const Node& node, const detail::Now&) -> Tensors {
    if (inside.count(&node) == 0) return {};
    Tensors outputs(node.outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const auto found = results.find(Tensor(node.shared_from_this(), static_cast<int>(i)));
      if (found != results.end()) outputs[i] = found->second;
    }
    return outputs;
  });
}

Tensors chunked(const Block& block, const RowChunks& sizes) {
  if (block.depth > 0) return block.results;
  Block now = block;
  for (TensorMap<bool> tried;;) {
    const Survey survey(now);
    bool found = false;
    for (const Tensor& seed : seeds_of(survey, sizes.large_bytes)) {
      if (!tried.emplace(seed, true).second) continue;
      const auto region = detail::row_region(survey, seed);
      if (!region) continue;
      const Division division = divided(region->units, seed, sizes);
      if (division.count + (division.first > 0 ? 1 : 0) < 2) continue;
      now.results = with_loop(now, survey, *region, division, seed.node().where);
      found = true;
      break;
    }
    if (!found) return now.results;
  }
}

}  // namespace

Graph chunk_rows(const Graph& graph, const RowChunks& sizes) {
  return detail::rewrite_blocks(graph, [&](const Block& block) { return chunked(block, sizes); });
}

Graph passes::chunk_rows(const Graph& graph) { return sluice::chunk_rows(graph, {}); }

}  // namespace sluice
