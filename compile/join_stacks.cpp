// Adjacent parts enter and leave a scan as one tensor:
//
//   ys  whose concat (along the last axis) the body or the surrounding graph computes: the concat is
//       stacked, and the others are slices of the stack. So gradients of gates, which the body concatenates
//       for its one product, need no copy for the products over all time.
//   xs  that are slices along the last axis of one tensor: the tensor becomes the x, sliced inside.
//
// Slices along the last axis are views, which cost nothing.

#include <sluice/compile/blocks.h>
#include <sluice/compile/passes.h>
#include <sluice/compile/scan_parts.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/slice.h>

#include <algorithm>
#include <optional>

namespace sluice {

namespace {

using detail::Block;
using detail::Now;
using detail::Survey;

/// The columns of `whole` that a tensor is; none for any other tensor.
struct Columns {
  Tensor whole;
  Range range;
};
std::optional<Columns> columns_of(const Tensor& t) {
  const auto* ranges = detail::slice_ranges(t.op());
  if (ranges == nullptr || ranges->back().step != 1) return std::nullopt;
  const Shape& whole = t.input(0).shape();
  if (!(whole.with(whole.rank() - 1, t.shape().back()) == t.shape())) return std::nullopt;
  return Columns{t.input(0), ranges->back()};
}

bool joins_columns(const Tensor& t) {
  return t.rank() > 0 && detail::concat_axis(t.op()) == std::optional(t.rank() - 1);
}

/// Makes the xs that are parts of one whole one x. Returns whether there were any.
bool join_xs(ScanParts& parts) {
  struct Found {
    std::size_t x;
    Range range;
  };
  std::vector<std::pair<Tensor, std::vector<Found>>> wholes;
  for (std::size_t i = 0; i < parts.xs.size(); ++i) {
    const Tensor& outside = parts.xs[i].outside;
    const auto columns = outside.rank() > 1 ? columns_of(outside) : std::nullopt;
    if (!columns) continue;
    auto same = std::find_if(wholes.begin(), wholes.end(),
                             [&](const auto& whole) { return whole.first.is(columns->whole); });
    if (same == wholes.end()) same = wholes.insert(wholes.end(), {columns->whole, {}});
    same->second.push_back({i, columns->range});
  }
  TensorMap<Tensor> replaced;
  for (const auto& [whole, found] : wholes) {
    Index used = 0;
    for (const Found& part : found) used += part.range.end - part.range.begin;
    if (found.size() < 2 || 2 * used < whole.shape().back()) continue;
    const Tensor inside = parts.add_x(whole);
    for (const Found& part : found) {
      replaced.emplace(parts.xs[part.x].inside,
                       slice(Operand(inside, parts.where), -1, part.range.begin, part.range.end));
    }
  }
  if (!replaced.empty()) parts.set_results(substitute(parts.results(), replaced));
  return !replaced.empty();
}

/// The concats in the body all of whose parts are stacked, those with most parts first.
Tensors stacked_concats(const ScanParts& parts) {
  TensorMap<bool> stacked;
  for (const ScanParts::Y& y : parts.ys) stacked.emplace(y.inside, true);
  Tensors found;
  for (const Node* node : topological_order(parts.results())) {
    if (!detail::concat_axis(*node->op) || !joins_columns(Tensor(node->shared_from_this()))) continue;
    TensorMap<bool> different;
    const bool all = std::all_of(node->inputs.begin(), node->inputs.end(), [&](const Tensor& part) {
      return stacked.count(part) > 0 && different.emplace(part, true).second;
    });
    if (all) found.emplace_back(node->shared_from_this());
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Tensor& a, const Tensor& b) { return a.input_count() > b.input_count(); });
  return found;
}

/// The location of an old y among the new ones.
struct Piece {
  std::size_t y;
  Range range;
};

/// Replaces the parts of each concat among the ys by the concat; returns the new locations of the old
/// outputs.
std::vector<std::pair<std::size_t, Piece>> join_ys(ScanParts& parts, const Tensors& concats) {
  TensorMap<Columns> joined;
  for (const Tensor& whole : concats) {
    const Tensors& members = whole.node().inputs;
    if (std::any_of(members.begin(), members.end(), [&](const Tensor& t) { return joined.count(t) > 0; })) {
      continue;
    }
    Index begin = 0;
    for (const Tensor& member : members) {
      const Index end = begin + member.shape().back();
      joined.emplace(member, Columns{whole, {begin, end, 1}});
      begin = end;
    }
  }
  std::vector<ScanParts::Y> others;
  std::vector<std::pair<std::size_t, Columns>> moved;
  for (const ScanParts::Y& y : parts.ys) {
    const auto found = joined.find(y.inside);
    if (found == joined.end()) {
      others.push_back(y);
    } else {
      moved.emplace_back(y.output, found->second);
    }
  }
  parts.ys = std::move(others);
  std::vector<std::pair<std::size_t, Piece>> pieces;
  for (const auto& [output, place] : moved) {
    pieces.emplace_back(output, Piece{parts.add_y(place.whole), place.range});
  }
  return pieces;
}

/// Moves concats outside that join ys of this scan, and nothing else, into the body.
void join_as_outside(ScanParts& parts, const Node& node, const Survey& survey, Tensors& concats) {
  for (const Node* user : survey.order()) {
    if (!detail::concat_axis(*user->op) || !joins_columns(Tensor(user->shared_from_this()))) continue;
    Tensors inside;
    for (const Tensor& part : user->inputs) {
      if (&part.node() != &node) break;
      const auto y = std::find_if(parts.ys.begin(), parts.ys.end(), [&](const ScanParts::Y& candidate) {
        return candidate.output == static_cast<std::size_t>(part.output()) && candidate.inside.rank() > 0;
      });
      if (y == parts.ys.end()) break;
      inside.push_back(y->inside);
    }
    if (inside.size() == user->inputs.size()) concats.push_back(concat(inside, -1, user->where));
  }
}

Tensors join_stacks_of(const Block& block) {
  const Survey survey(block);
  return detail::rebuilt(block, survey.order(), [&](const Node& node, const Now& now) -> Tensors {
    if (dynamic_cast<const ScanOp*>(node.op.get()) == nullptr) return {};
    Tensors inputs;
    for (const Tensor& input : node.inputs) inputs.push_back(now(input));
    std::vector<bool> used;
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      used.push_back(!survey.users(Tensor(node.shared_from_this(), static_cast<int>(i))).empty());
    }
    ScanParts parts(node, inputs, used);
    const bool joined = join_xs(parts);
    Tensors concats = stacked_concats(parts);
    join_as_outside(parts, node, survey, concats);
    const auto pieces = join_ys(parts, concats);
    if (!joined && pieces.empty()) return {};
    const ScanParts::Built built = parts.build();
    Tensors outputs = parts.outputs(built);
    for (const auto& [output, piece] : pieces) {
      outputs[output] = slice(Operand(built.ys[piece.y], node.where), -1, piece.range.begin, piece.range.end);
    }
    return outputs;
  });
}

}  // namespace

Graph passes::join_stacks(const Graph& graph) { return detail::rewrite_blocks(graph, join_stacks_of); }

}  // namespace sluice
