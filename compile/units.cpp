#include <sluice/compile/units.h>
#include <sluice/graph/leaf.h>
#include <sluice/ops/elementwise.h>

#include <algorithm>
#include <numeric>
#include <unordered_set>

namespace sluice {

namespace {

class Grouping {
 public:
  explicit Grouping(const std::vector<const Node*>& order) : order_(order) {
    for (std::size_t i = 0; i < order.size(); ++i) index_[order[i]] = i;
    fusible_.resize(order.size());
    users_.resize(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      fusible_[i] = dynamic_cast<const ElementwiseOp*>(order[i]->op.get()) != nullptr &&
                    order[i]->outputs[0].shape.size() > 0;
      for (const Tensor& input : order[i]->inputs) users_[index_.at(&input.node())].push_back(i);
    }
  }

  /// The first node of the group of every node.
  std::vector<std::size_t> groups() {
    find_levels();
    parent_.resize(order_.size());
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
    for (std::size_t i = 0; i < order_.size(); ++i) {
      if (!fusible_[i]) continue;
      for (const Tensor& input : order_[i]->inputs) {
        const std::size_t source = index_.at(&input.node());
        if (together(source, i)) join(source, i);
        join_siblings(source, i);
      }
    }
    std::vector<std::size_t> first(order_.size());
    for (std::size_t i = 0; i < order_.size(); ++i) first[i] = root(i);
    return first;
  }

 private:
  bool same_shape(std::size_t a, std::size_t b) const {
    return fusible_[a] && fusible_[b] && order_[a]->outputs[0].shape == order_[b]->outputs[0].shape;
  }
  bool together(std::size_t a, std::size_t b) const { return same_shape(a, b) && level_[a] == level_[b]; }

  /// Levels grow along every edge that leaves a group. This keeps groups convex, since they have one level:
  /// no path leaves and re-enters.
  void find_levels() {
    level_.assign(order_.size(), 0);
    for (std::size_t i = 0; i < order_.size(); ++i) {
      for (const Tensor& input : order_[i]->inputs) {
        const std::size_t source = index_.at(&input.node());
        if (leaf_of(input.node()) != nullptr) continue;
        level_[i] = std::max(level_[i], level_[source] + (same_shape(source, i) ? 0 : 1));
      }
    }
    // Values that only a later group reads are computed there, rather than stored in between.
    for (std::size_t i = order_.size(); i-- > 0;) {
      if (!fusible_[i] || users_[i].empty()) continue;
      const bool inside = std::all_of(users_[i].begin(), users_[i].end(),
                                      [&](std::size_t user) { return same_shape(i, user); });
      if (!inside) continue;
      std::size_t level = level_[users_[i].front()];
      for (std::size_t user : users_[i]) level = std::min(level, level_[user]);
      level_[i] = level;
    }
  }

  /// Fuses ops that read the same computed value of their own shape, such as the gates' gradients.
  void join_siblings(std::size_t source, std::size_t i) {
    if (leaf_of(*order_[source]) != nullptr && order_[source]->outputs[0].shape.size() <= 1) return;
    if (order_[source]->outputs[0].shape != order_[i]->outputs[0].shape) return;
    auto& readers = readers_[source];
    for (std::size_t other : readers) {
      if (together(other, i)) join(other, i);
    }
    readers.push_back(i);
  }

  std::size_t root(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void join(std::size_t a, std::size_t b) {
    a = root(a);
    b = root(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

  const std::vector<const Node*>& order_;
  std::unordered_map<const Node*, std::size_t> index_;
  std::vector<bool> fusible_;
  std::vector<std::vector<std::size_t>> users_;
  std::vector<std::size_t> level_;
  std::vector<std::size_t> parent_;
  std::unordered_map<std::size_t, std::vector<std::size_t>> readers_;
};

}  // namespace

std::vector<Unit> make_units(const std::vector<const Node*>& order, const Tensors& results,
                             const Tensors& last, bool fuse, std::size_t largest) {
  std::vector<std::size_t> group(order.size());
  std::iota(group.begin(), group.end(), std::size_t{0});
  if (fuse) group = Grouping(order).groups();

  std::unordered_map<const Node*, std::size_t> index;
  for (std::size_t i = 0; i < order.size(); ++i) index[order[i]] = i;
  std::vector<Unit> members(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) members[group[i]].push_back(order[i]);

  // Depth-first over units; a unit is complete when the units it reads from are.
  std::vector<Unit> units;
  std::vector<bool> seen(order.size(), false);
  struct Visit {
    std::size_t unit;
    std::size_t member;
    std::size_t input;
  };
  std::vector<Visit> stack;
  const auto visit = [&](std::size_t unit) {
    if (seen[unit]) return;
    seen[unit] = true;
    stack.push_back({unit, 0, 0});
  };
  const auto finish = [&] {
    while (!stack.empty()) {
      Visit& top = stack.back();
      if (top.member == members[top.unit].size()) {
        units.push_back(std::move(members[top.unit]));
        stack.pop_back();
        continue;
      }
      const Node& node = *members[top.unit][top.member];
      if (top.input == node.inputs.size()) {
        ++top.member;
        top.input = 0;
        continue;
      }
      visit(group[index.at(&node.inputs[top.input++].node())]);
    }
  };
  const auto unit_of = [&](const Tensor& t) { return group[index.at(&t.node())]; };
  for (const Tensor& result : results) {
    visit(unit_of(result));
    finish();
  }
  // All dependences of the final units come before the first of them.
  std::unordered_set<std::size_t> final_units;
  for (const Tensor& t : last) final_units.insert(unit_of(t));
  for (const Tensor& t : last) {
    if (seen[unit_of(t)]) continue;
    for (const Node* node : members[unit_of(t)]) {
      for (const Tensor& input : node->inputs) {
        if (final_units.count(unit_of(input)) > 0) continue;
        visit(unit_of(input));
        finish();
      }
    }
  }
  for (const Tensor& t : last) {
    visit(unit_of(t));
    finish();
  }
  std::vector<Unit> result;
  for (const Unit& unit : units) {
    for (std::size_t i = 0; i < unit.size(); i += largest)
      result.emplace_back(unit.begin() + static_cast<std::ptrdiff_t>(i),
                          unit.begin() + static_cast<std::ptrdiff_t>(std::min(i + largest, unit.size())));
  }
  return result;
}

}  // namespace sluice
