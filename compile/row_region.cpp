#include <sluice/compile/row_region.h>
#include <sluice/graph/answers.h>
#include <sluice/graph/leaf.h>
#include <sluice/ops/broadcast_to.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/matmul_op.h>
#include <sluice/ops/reshape.h>

#include <algorithm>
#include <numeric>

namespace sluice::detail {

namespace {

bool has_rows(const Tensor& t, Index rows) { return t.rank() > 0 && t.shape()[0] == rows; }

/// Whether the op has the number of rows among its attributes.
bool sets_rows(const Op& op) { return is_reshape(op) || is_broadcast_to(op) || slice_ranges(op) != nullptr; }

/// Whether the node is x^T y, or a sum over axis 0.
bool sums_rows(const Node& node) {
  if (const auto* matmul = detail::as_matmul(*node.op)) {
    return matmul->options().transpose_a && !matmul->options().transpose_b && node.inputs[0].rank() == 2 &&
           node.inputs[1].rank() == 2;
  }
  const auto sum = sum_axes(*node.op);
  return sum && has_axis(sum->axes, 0);
}

class Finder {
 public:
  Finder(const Survey& survey, const Tensor& seed)
      : survey_(survey), seed_(&seed.node()), large_(seed.size() / 4 * 3) {
    member_.insert(seed_);
  }

  std::optional<RowRegion> find() {
    if (sums_rows(*seed_)) return std::nullopt;
    do {
      grown_ = false;
      if (!mark() || !close()) return std::nullopt;
    } while (grown_);
    collect();
    if (region_.units < 2 || !fits()) return std::nullopt;
    return std::move(region_);
  }

 private:
  bool is_member(const Tensor& t) const { return member_.count(&t.node()) > 0; }
  bool is_large(const Tensor& t) const { return t.size() >= large_; }
  static Tensors outputs(const Node& node) {
    Tensors all;
    for (std::size_t i = 0; i < node.outputs.size(); ++i)
      all.emplace_back(node.shared_from_this(), static_cast<int>(i));
    return all;
  }

  /// Determines how every node of the region uses rows.
  bool mark() {
    region_ = {};
    for (const Node* node : survey_.order()) {
      if (member_.count(node) == 0) continue;
      if (leaf_of(*node) != nullptr || !mark(*node)) return false;
      region_.nodes.push_back(node);
    }
    return true;
  }

  bool mark(const Node& node) {
    std::vector<bool>& flags = region_.by_rows[&node];
    flags.resize(node.inputs.size());
    for (std::size_t i = 0; i < flags.size(); ++i) {
      if (!is_member(node.inputs[i])) continue;
      if (region_.sums.count(&node.inputs[i].node()) > 0) return false;  // known only after all rows
      flags[i] = true;
    }
    if (sums_rows(node)) {
      std::fill(flags.begin(), flags.end(), true);
      region_.sums.insert(&node);
      return true;
    }
    const Tensor output(node.shared_from_this());
    if (output.rank() == 0) return false;
    if (is_reshape(*node.op)) {
      flags[0] = true;
      return node.inputs[0].rank() > 0;
    }
    const Index rows = output.shape()[0];
    if (is_broadcast_to(*node.op)) {
      flags[0] = node.inputs[0].rank() == output.rank() && has_rows(node.inputs[0], rows);
      return flags[0] || !is_member(node.inputs[0]);
    }
    return mark_by_op(node, flags, rows);
  }

  /// Asks the op, with and without its other inputs of as many rows.
  bool mark_by_op(const Node& node, std::vector<bool>& flags, Index rows) const {
    Specs specs;
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < flags.size(); ++i) {
      specs.push_back(node.inputs[i].spec());
      if (!flags[i] && has_rows(node.inputs[i], rows)) open.push_back(i);
      if (flags[i] && !has_rows(node.inputs[i], rows)) return false;
    }
    const std::vector<bool> least = flags;
    const auto accepted = [&] {
      const bool some = std::find(flags.begin(), flags.end(), true) != flags.end();
      return some && detail::ask_works_by_rows(node, specs, flags);
    };
    for (std::size_t i : open) flags[i] = true;
    if (accepted()) return true;
    for (std::size_t i : open) {  // a weight that happens to have as many rows
      flags[i] = false;
      if (accepted()) return true;
      flags[i] = true;
    }
    flags = least;
    return accepted();
  }

  void join(const Node* node) { grown_ = member_.insert(node).second || grown_; }

  /// Adds the producers and users of large values, and all nodes between nodes of the region.
  bool close() {
    for (const Node* node : region_.nodes) {
      const auto& flags = region_.by_rows.at(node);
      for (std::size_t i = 0; i < flags.size(); ++i) {
        if (!flags[i] || !is_large(node->inputs[i])) continue;
        join(&node->inputs[i].node());
      }
      if (region_.sums.count(node) > 0) continue;
      for (const Tensor& t : outputs(*node)) {
        if (!is_large(t)) continue;
        for (const Node* user : survey_.users(t)) {
          if (user == nullptr) return false;
          join(user);
        }
      }
    }
    join_between();
    return true;
  }

  void join_between() {
    const auto& order = survey_.order();
    std::unordered_set<const Node*> behind = member_;
    for (const Node* node : order) {
      if (std::any_of(node->inputs.begin(), node->inputs.end(),
                      [&](const Tensor& t) { return behind.count(&t.node()) > 0; }))
        behind.insert(node);
    }
    std::unordered_set<const Node*> before = member_;
    for (auto at = order.rbegin(); at != order.rend(); ++at) {
      if (before.count(*at) == 0) continue;
      for (const Tensor& t : (*at)->inputs) before.insert(&t.node());
    }
    for (const Node* node : order) {
      if (behind.count(node) > 0 && before.count(node) > 0) join(node);
    }
  }

  void collect() {
    TensorMap<bool> seen;
    const auto count_units = [&](const Tensor& t) { region_.units = std::gcd(region_.units, t.shape()[0]); };
    for (const Node* node : region_.nodes) {
      const auto& flags = region_.by_rows.at(node);
      for (std::size_t i = 0; i < flags.size(); ++i) {
        if (!flags[i]) continue;
        count_units(node->inputs[i]);
        if (!is_member(node->inputs[i]) && seen.emplace(node->inputs[i], true).second)
          region_.xs.push_back(node->inputs[i]);
      }
      const bool sum = region_.sums.count(node) > 0;
      for (const Tensor& t : outputs(*node)) {
        if (!sum && t.rank() > 0) count_units(t);
        const auto& users = survey_.users(t);
        if (std::any_of(users.begin(), users.end(),
                        [&](const Node* user) { return member_.count(user) == 0; }))
          (sum ? region_.totals : region_.ys).push_back(t);
      }
    }
  }

  /// Whether the ops accept fewer rows than they were built for: an op may have the number in its attributes.
  bool fits() const {
    return std::all_of(region_.nodes.begin(), region_.nodes.end(), [&](const Node* node) {
      if (sets_rows(*node->op)) return true;
      const auto one_unit = [&](Spec spec) {
        spec.shape = spec.shape.with(0, spec.shape[0] / region_.units);
        return spec;
      };
      Specs inputs;
      for (std::size_t i = 0; i < node->inputs.size(); ++i) {
        const Spec& spec = node->inputs[i].spec();
        inputs.push_back(region_.by_rows.at(node)[i] ? one_unit(spec) : spec);
      }
      Specs expected = node->outputs;
      if (region_.sums.count(node) == 0)
        std::transform(expected.begin(), expected.end(), expected.begin(), one_unit);
      try {
        return node->op->infer(inputs) == expected;
      } catch (const Error&) {
        return false;
      }
    });
  }

  const Survey& survey_;
  const Node* seed_;
  Index large_;
  std::unordered_set<const Node*> member_;
  RowRegion region_;
  bool grown_ = false;
};

/// The node for fewer rows, as given by `shape`.
Tensor of_rows(const Node& node, const Tensor& input, const Shape& shape) {
  const Operand operand(input, node.where);
  if (is_reshape(*node.op)) return reshape(operand, shape);
  if (is_broadcast_to(*node.op)) return broadcast_to(operand, shape);
  std::vector<Range> ranges = *slice_ranges(*node.op);
  ranges[0] = {0, shape[0]};
  return slice(operand, ranges);
}

}  // namespace

std::optional<RowRegion> row_region(const Survey& survey, const Tensor& seed) {
  return Finder(survey, seed).find();
}

TensorMap<Tensor> made_of_rows(const RowRegion& region, const TensorMap<Tensor>& given,
                               const TensorMap<Tensor>& whole, Index units) {
  TensorMap<Tensor> made = given;
  for (const Node* node : region.nodes) {
    const auto& flags = region.by_rows.at(node);
    Tensors inputs;
    for (std::size_t i = 0; i < flags.size(); ++i) {
      const Tensor& input = node->inputs[i];
      const auto found = whole.find(input);
      inputs.push_back(flags[i] ? made.at(input) : found == whole.end() ? input : found->second);
    }
    Tensors outputs;
    if (sets_rows(*node->op)) {
      const Shape& shape = node->outputs[0].shape;
      outputs = {of_rows(*node, inputs[0], shape.with(0, shape[0] / region.units * units))};
    } else {
      outputs = outputs_of(make(node->op, std::move(inputs), node->where));
    }
    for (std::size_t i = 0; i < outputs.size(); ++i)
      made.emplace(Tensor(node->shared_from_this(), static_cast<int>(i)), outputs[i]);
  }
  return made;
}

}  // namespace sluice::detail
