#include <sluice/compile/over_time.h>
#include <sluice/compile/passes.h>
#include <sluice/compile/rewrite.h>
#include <sluice/graph/answers.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/matmul_op.h>
#include <sluice/ops/sum.h>

#include <algorithm>

namespace sluice::passes {

namespace {

/// A term added to a carry at every step, with its sign.
struct Term {
  Tensor value;
  bool minus;
};

/// A node whose sum over time is its op on the sums of the marked inputs; the others are the same at every
/// step.
struct Linear {
  const Node* node;
  std::vector<bool> summed;
};

/// The number of nodes and results of the body that use a tensor, and the last node that does.
class Uses {
 public:
  Uses(const std::vector<const Node*>& order, const Tensors& results) {
    for (const Node* node : order) {
      for (const Tensor& input : node->inputs) {
        ++count_[input];
        user_[input] = node;
      }
    }
    for (const Tensor& result : results) ++count_[result];
  }
  std::size_t count(const Tensor& t) const {
    const auto found = count_.find(t);
    return found == count_.end() ? 0 : found->second;
  }
  const Node* user(const Tensor& t) const {
    const auto found = user_.find(t);
    return found == user_.end() ? nullptr : found->second;
  }

 private:
  TensorMap<std::size_t> count_;
  TensorMap<const Node*> user_;
};

/// The terms of a carry whose next value is itself plus something, and that has no other use in the body;
/// none for any other carry.
std::vector<Term> terms_of(const ScanParts::Carry& carry, const Uses& uses) {
  std::vector<Term> terms;
  Tensor at = carry.inside;
  while (!at.is(carry.next)) {
    const Node* user = uses.count(at) == 1 ? uses.user(at) : nullptr;
    if (user == nullptr) return {};
    const bool minus = detail::is_subtract(*user->op) && user->inputs[0].is(at);
    if (!minus && !detail::is_add(*user->op)) return {};
    terms.push_back({user->inputs[user->inputs[0].is(at) ? 1 : 0], minus});
    at = Tensor(user->shared_from_this());
  }
  return uses.count(at) == 1 && at.spec() == carry.inside.spec() ? terms : std::vector<Term>{};
}

class Sinker {
 public:
  explicit Sinker(ScanParts& parts)
      : parts_(parts), outside_(parts), uses_(outside_.order(), parts.results()) {}

  Tensors sink() {
    Tensors outputs(parts_.output_count);
    // The stacks of one accumulator may make others worth sinking.
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t i = 0; i < parts_.carries.size();) {
        changed = sink(i, outputs) || changed;
        i += sunk_ ? 0 : 1;
      }
    }
    if (std::none_of(outputs.begin(), outputs.end(), [](const Tensor& t) { return t.defined(); })) return {};
    const ScanParts::Built built = parts_.build();
    outputs = outside_.put_in_place(outputs, built);
    const Tensors others = parts_.outputs(built);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (!outputs[i].defined()) outputs[i] = others[i];
    }
    return outputs;
  }

 private:
  bool sink(std::size_t i, Tensors& outputs) {
    sunk_ = false;
    const ScanParts::Carry carry = parts_.carries[i];
    if (carry.output == ScanParts::unused) return false;
    const std::vector<Term> terms = terms_of(carry, uses_);
    if (terms.empty()) return false;
    std::vector<Linear> linear;  // to look through, users before inputs
    Tensors leaves;
    if (!look_through(terms, linear, leaves)) return false;
    TensorMap<Tensor> sums;
    for (const Tensor& leaf : leaves) sums.emplace(leaf, sum_of(leaf));
    for (auto at = linear.rbegin(); at != linear.rend(); ++at) {
      const Node& node = *at->node;
      Tensors inputs;
      for (std::size_t k = 0; k < node.inputs.size(); ++k)
        inputs.push_back(at->summed[k] ? sums.at(node.inputs[k]) : outside_.once(node.inputs[k]));
      sums.emplace(Tensor(node.shared_from_this()), make(node.op, inputs, node.where));
    }
    Tensor total = carry.initial;
    Tensors parts{carry.initial};
    for (const Term& term : terms) {
      parts.push_back(sums.at(term.value));
      total = term.minus ? total - parts.back() : total + parts.back();
    }
    locate({total}, parts, carry.next.node().where);
    outputs[carry.output] = total;
    parts_.carries.erase(parts_.carries.begin() + static_cast<std::ptrdiff_t>(i));
    return sunk_ = true;
  }

  /// The inputs to sum if the sum of the node's values is its op on sums; none if it is not.
  std::vector<bool> linear_in(const Node& node) const {
    const Op& op = *node.op;
    std::vector<bool> summed(node.inputs.size(), true);
    if (!is_floating(node.outputs[0].dtype) || node.outputs.size() != 1) return {};
    if (detail::is_add(op) || detail::is_subtract(op) || detail::is_negate(op) || op.only_moves())
      return summed;
    if (detail::is_multiply(op) || detail::is_divide(op)) {
      const bool left = detail::is_multiply(op) && outside_.once(node.inputs[0]).defined();
      const bool right = outside_.once(node.inputs[1]).defined();
      if (left != right) return {!left, !right};
    }
    return {};
  }

  /// Follows the terms through sums and data movement back to the tensors that must be summed over time.
  /// False if they are better summed in the loop.
  bool look_through(const std::vector<Term>& terms, std::vector<Linear>& linear, Tensors& leaves) const {
    TensorMap<bool> wanted;
    for (const Term& term : terms) wanted.emplace(term.value, true);
    const auto& order = outside_.order();
    for (auto at = order.rbegin(); at != order.rend(); ++at) {
      const Node& node = **at;
      for (std::size_t i = 0; i < node.outputs.size(); ++i) {
        const Tensor t(node.shared_from_this(), static_cast<int>(i));
        if (wanted.count(t) == 0) continue;
        const bool whole = outside_.once(t).defined() || outside_.is_stacked(t) || uses_.count(t) > 1;
        std::vector<bool> summed = whole ? std::vector<bool>{} : linear_in(node);
        if (summed.empty()) {
          if (!is_worth_summing(t)) return false;
          leaves.push_back(t);
          continue;
        }
        for (std::size_t k = 0; k < summed.size(); ++k) {
          if (summed[k]) wanted.emplace(node.inputs[k], true);
        }
        linear.push_back({&node, std::move(summed)});
      }
    }
    return true;
  }

  /// Whether a term is better summed after the loop. A matrix product is, as one product with a larger inner
  /// dimension. Another reduction is if the loop stacks its operand anyway, or could with little memory: not
  /// a loss per step, which is one number for a whole batch. Plain sums of elements are best added while in
  /// cache, unless stacked in any case.
  bool is_worth_summing(const Tensor& t) const {
    constexpr Index much = 1024;
    if (outside_.once(t).defined() || outside_.before_loop(t).defined() || outside_.is_stacked(t))
      return true;
    const Node& node = t.node();
    if (node.inputs.empty() || node.outputs.size() != 1) return false;
    const OverTime::Trial trial = outside_.trial(node);
    if (!detail::ask_sum_over_steps(node, trial.inputs, trial.over_time).defined()) return false;
    if (detail::as_matmul(*node.op) != nullptr) return true;
    return std::all_of(node.inputs.begin(), node.inputs.end(), [&](const Tensor& input) {
      return outside_.before_loop(input).defined() || outside_.is_stacked(input) ||
             input.size() <= much * t.size();
    });
  }

  OverTime::Operand operand(const Tensor& t) {
    const Tensor before = outside_.before_loop(t);
    return before.defined() ? OverTime::Operand{before, true} : outside_.stacked(t);
  }

  Tensor sum_of(const Tensor& t) {
    const Node& node = t.node();
    Tensor total;
    Tensors inputs;
    if (const Tensor same = outside_.once(t); same.defined()) {
      total = same * static_cast<double>(parts_.length);
      inputs = {same};
    } else {
      if (!outside_.is_stacked(t) && node.outputs.size() == 1) {
        std::vector<bool> over_time;
        for (const Tensor& input : node.inputs) {
          const OverTime::Operand found = operand(input);
          inputs.push_back(found.value);
          over_time.push_back(found.over_time);
        }
        total = detail::ask_sum_over_steps(node, inputs, over_time);
      }
      if (!total.defined()) {
        inputs = {operand(t).value};
        total = sum(inputs[0], 0);
      }
    }
    locate({total}, inputs, node.where);
    return total;
  }

  ScanParts& parts_;
  OverTime outside_;
  Uses uses_;
  bool sunk_ = false;
};

}  // namespace

/// Moves carries that only accumulate out of the loop: their final value is the initial one plus the sum over
/// all steps. A sum of products a_t^T b_t is one product: the gradient of a weight.
Graph sink_accumulators(const Graph& graph) {
  return rewrite_scans(graph, [](ScanParts parts) {
    if (parts.recompute || parts.length == 0) return Tensors{};
    return Sinker(parts).sink();
  });
}

}  // namespace sluice::passes
