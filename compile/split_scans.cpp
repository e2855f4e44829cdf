#include <sluice/compile/over_time.h>
#include <sluice/compile/passes.h>
#include <sluice/compile/rewrite.h>
#include <sluice/graph/answers.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/matmul_op.h>

#include <algorithm>

namespace sluice::passes {

namespace {

/// Whether a node that depends on no carry is worth computing for all steps at once, before the loop: it is
/// neither elementwise (better near its users, in cache) nor only moves elements.
bool is_costly(const Node& node) {
  return dynamic_cast<const ElementwiseOp*>(node.op.get()) == nullptr && !node.op->only_moves();
}

/// Whether a node that no carry depends on is worth computing after the loop. Its operands must then be
/// stacked: always right for a matrix product, which is several times faster with many rows; a reduction is
/// better done in the loop, unless the loop stacks the operand anyway or it is not much larger than the
/// result, which would have to be stacked instead. Data movement of one operand waits if that does not
/// increase what is stacked.
bool is_worth_waiting(const Node& node, const OverTime& outside) {
  constexpr std::size_t much = 4;
  const bool moves_one = node.op->only_moves() && node.inputs.size() == 1;
  if (!is_costly(node) && !moves_one) return false;
  if (detail::as_matmul(*node.op) != nullptr) return true;
  std::size_t operands = 0;
  std::size_t results = 0;
  for (const Tensor& input : node.inputs)
    operands += outside.is_stacked(input) || outside.before_loop(input).defined() ? 0 : input.spec().bytes();
  for (const Spec& output : node.outputs) results += output.bytes();
  return operands <= (moves_one ? 1 : much) * results;
}

Tensors outputs_inside(const Node& node) { return outputs_of(Tensor(node.shared_from_this())); }

class Splitter {
 public:
  explicit Splitter(ScanParts& parts) : parts_(parts), outside_(parts) {
    for (const Node* node : outside_.order()) {
      if (detail::is_add(*node->op)) find_start(*node);
    }
    for (const ScanParts::Carry& carry : parts.carries) needed_by_carries_.insert(&carry.next.node());
    for (auto at = outside_.order().rbegin(); at != outside_.order().rend(); ++at) {
      if (needed_by_carries_.count(*at) == 0) continue;
      for (const Tensor& input : (*at)->inputs) needed_by_carries_.insert(&input.node());
    }
  }

  Tensors split() {
    Tensors outputs(parts_.output_count);
    if (!parts_.recompute) {
      choose_after();
      move_ys(outputs);
    }
    const TensorMap<Tensor> inside = arguments_for_moved();
    if (inside.empty() && is_same(outputs)) return {};
    parts_.set_results(substitute(parts_.results(), inside));
    const ScanParts::Built built = parts_.build();
    outputs = outside_.put_in_place(outputs, built);
    const Tensors stacked = parts_.outputs(built);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (!outputs[i].defined()) outputs[i] = stacked[i];
    }
    return outputs;
  }

 private:
  static bool is_same(const Tensors& outputs) {
    return std::none_of(outputs.begin(), outputs.end(), [](const Tensor& t) { return t.defined(); });
  }

  /// Marks a sum that is added to a product of the same shape: the product starts from it, so it must be in
  /// memory anyway, and before the loop another product may start from it.
  void find_start(const Node& sum) {
    for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
      const Tensor& start = sum.inputs[1 - side];
      if (detail::as_matmul(sum.inputs[side].op()) != nullptr && detail::is_add(start.op()) &&
          start.shape() == sum.inputs[side].shape())
        starts_.insert(&start.node());
    }
  }

  /// Whether a node that depends on no carry is computed before the loop in any case.
  bool is_for_all_steps(const Node& node) const { return is_costly(node) || starts_.count(&node) > 0; }

  /// Whether the tensor is computed before the loop: better there, or not needed by the carries.
  bool leaves_before(const Tensor& t) const {
    return outside_.before_loop(t).defined() &&
           (is_for_all_steps(t.node()) || needed_by_carries_.count(&t.node()) == 0);
  }

  bool can_wait(const Node& node) const {
    if (needed_by_carries_.count(&node) > 0) return false;
    if (dynamic_cast<const ElementwiseOp*>(node.op.get()) != nullptr) return true;
    const OverTime::Trial trial = outside_.trial(node);
    return !detail::ask_at_all_steps(node, trial.inputs, trial.over_time).empty();
  }

  /// Finds the nodes to compute after the loop: those that are worth it, and all that depend on them.
  void choose_after() {
    std::unordered_set<const Node*> stays;  // nodes that cannot wait, or on which such a node depends
    const auto& order = outside_.order();
    for (auto at = order.rbegin(); at != order.rend(); ++at) {
      const Node& node = **at;
      if (node.inputs.empty() || outside_.once(outputs_inside(node)[0]).defined() ||
          outside_.before_loop(outputs_inside(node)[0]).defined()) {
        continue;
      }
      if (stays.count(&node) == 0 && can_wait(node)) continue;
      stays.insert(&node);
      for (const Tensor& input : node.inputs) stays.insert(&input.node());
    }
    for (const Node* node : order) {
      if (node->inputs.empty() || stays.count(node) > 0) continue;
      const Tensor first = outputs_inside(*node)[0];
      if (outside_.once(first).defined() || outside_.before_loop(first).defined()) continue;
      const bool follows = std::any_of(node->inputs.begin(), node->inputs.end(),
                                       [&](const Tensor& input) { return waits_.count(&input.node()) > 0; });
      if (follows || is_worth_waiting(*node, outside_)) waits_.insert(node);
    }
  }

  /// Removes the ys that are computed outside from the loop, and computes them.
  void move_ys(Tensors& outputs) {
    std::vector<ScanParts::Y> moved;
    const auto is_moved = [&](const ScanParts::Y& y) {
      return waits_.count(&y.inside.node()) > 0 || leaves_before(y.inside);
    };
    std::copy_if(parts_.ys.begin(), parts_.ys.end(), std::back_inserter(moved), is_moved);
    parts_.ys.erase(std::remove_if(parts_.ys.begin(), parts_.ys.end(), is_moved), parts_.ys.end());
    for (const Node* node : outside_.order()) {
      if (waits_.count(node) > 0) compute_after(*node);
    }
    for (const ScanParts::Y& y : moved) {
      if (y.output == ScanParts::unused) continue;
      const auto after = after_.find(y.inside);
      outputs[y.output] = after != after_.end() ? after->second : outside_.before_loop(y.inside);
    }
  }

  void compute_after(const Node& node) {
    Tensors inputs;
    std::vector<bool> over_time;
    for (const Tensor& input : node.inputs) {
      OverTime::Operand operand;
      if (const auto after = after_.find(input); after != after_.end()) {
        operand = {after->second, true};
      } else if (leaves_before(input)) {
        operand = {outside_.before_loop(input), true};
      } else {
        operand = outside_.stacked(input);
      }
      inputs.push_back(operand.value);
      over_time.push_back(operand.over_time);
    }
    const Tensors inside = outputs_inside(node);
    const Tensors all = at_all_steps(node, inputs, over_time);
    for (std::size_t i = 0; i < all.size(); ++i) after_.emplace(inside[i], all[i]);
  }

  /// Placeholders for values that the loop no longer computes: those that are the same at every step, and
  /// those computed before it.
  TensorMap<Tensor> arguments_for_moved() {
    TensorMap<Tensor> inside;
    const auto visit = [&](const Tensor& t) {
      if (t.node().inputs.empty() || inside.count(t) > 0) return;
      if (const Tensor same = outside_.once(t); same.defined()) {
        inside.emplace(t, parts_.add_capture(same));
      } else if (!parts_.recompute && is_for_all_steps(t.node()) && outside_.before_loop(t).defined()) {
        inside.emplace(t, parts_.add_x(outside_.before_loop(t)));
      }
    };
    for (const Node* node : outside_.order()) {
      if (outside_.once(outputs_inside(*node)[0]).defined() || waits_.count(node) > 0) continue;
      std::for_each(node->inputs.begin(), node->inputs.end(), visit);
    }
    const Tensors results = parts_.results();
    std::for_each(results.begin(), results.end(), visit);
    return inside;
  }

  ScanParts& parts_;
  OverTime outside_;
  std::unordered_set<const Node*> needed_by_carries_;
  std::unordered_set<const Node*> starts_;  // sums that products start from
  std::unordered_set<const Node*> waits_;
  TensorMap<Tensor> after_;
};

}  // namespace

/// Splits the work of a loop in three: nodes that depend on no carry are computed before it, for all steps at
/// once, and nodes that no carry depends on after it. A product with x becomes one product with the rows of
/// all steps. Loop-invariant nodes are hoisted out of any loop.
Graph split_scans(const Graph& graph) {
  return rewrite_scans(graph, [](ScanParts parts) {
    if (parts.length == 0) return Tensors{};  // nothing of the body is ever computed
    return Splitter(parts).split();
  });
}

}  // namespace sluice::passes
