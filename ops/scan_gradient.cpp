#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/scope.h>
#include <sluice/graph/strong_zeros.h>
#include <sluice/graph/walk.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/scan_op.h>

#include <algorithm>
#include <utility>

namespace sluice {

namespace {

/// The inputs of the body that the wanted gradients flow through: those asked for, and every carry that
/// depends on one.
std::vector<bool> active_inputs(const Graph& body, std::size_t carries, const std::vector<bool>& wanted) {
  std::vector<bool> active = wanted;
  const auto order = topological_order(body.outputs);
  for (bool changed = true; changed;) {
    changed = false;
    std::unordered_map<const Node*, bool> reached;
    for (std::size_t i = 0; i < active.size(); ++i) reached[&body.inputs[i].node()] = active[i];
    for (const Node* node : order) {
      bool& here = reached[node];
      for (const Tensor& input : node->inputs)
        here = here || (reached[&input.node()] && is_floating(input.dtype()));
    }
    for (std::size_t i = 0; i < carries; ++i) {
      if (active[i] || !is_floating(body.outputs[i].dtype()) || !reached[&body.outputs[i].node()]) continue;
      active[i] = changed = true;
    }
  }
  return active;
}

/// The tensors of `offered` that `results` need, not looking beyond an offered one.
Tensors used_of(const Tensors& offered, const Tensors& results) {
  TensorMap<bool> used;
  for (const Tensor& t : offered) used.emplace(t, false);
  Tensors stack = results;
  TensorMap<bool> seen;
  while (!stack.empty()) {
    const Tensor t = stack.back();
    stack.pop_back();
    if (!t.defined() || !seen.emplace(t, true).second) continue;
    if (auto found = used.find(t); found != used.end()) {
      found->second = true;
    } else {
      stack.insert(stack.end(), t.node().inputs.begin(), t.node().inputs.end());
    }
  }
  Tensors in_order;
  std::copy_if(offered.begin(), offered.end(), std::back_inserter(in_order), [&](const Tensor& t) {
    return std::exchange(used[t], false);  // take an entry offered twice only once
  });
  return in_order;
}

/// Whether t is a function of an outgoing carry, such as tanh(c_t), whose incoming value c_t-1 is kept. The
/// outgoing carry then costs no memory, since it is the next step's incoming one, and recomputing the
/// function is cheaper than storing it.
bool follows_from_carry(const Tensor& t, const Graph& body, std::size_t carries, const Tensors& kept) {
  if (t.node().inputs.size() != 1 || dynamic_cast<const ElementwiseOp*>(&t.op()) == nullptr) return false;
  const auto is_kept = [&](std::size_t carry, const Tensor& after) {
    return after.is(body.outputs[carry]) &&
           std::any_of(kept.begin(), kept.end(), [&](const Tensor& k) { return k.is(body.inputs[carry]); });
  };
  bool follows = false;
  for (std::size_t i = 0; i < carries; ++i) {
    if (is_kept(i, t)) return false;  // costs no memory itself
    follows = follows || is_kept(i, t.node().inputs[0]);
  }
  return follows;
}

/// All at once, so that common subexpressions of several tensors are computed once. Undefined ones stay so.
Tensors substitute_defined(Tensors tensors, const TensorMap<Tensor>& now) {
  Tensors defined;
  std::copy_if(tensors.begin(), tensors.end(), std::back_inserter(defined),
               [](const Tensor& t) { return t.defined(); });
  defined = substitute(defined, now);
  auto next = defined.begin();
  for (Tensor& t : tensors) {
    if (t.defined()) t = *next++;
  }
  return tensors;
}

/// What replaces taps in a body that is computed again, so that their functions are not called again.
TensorMap<Tensor> without_taps(const Graph& body) {
  TensorMap<Tensor> now;
  for (const Node* node : topological_order(body.outputs)) {
    if (!node->op->is_observed()) continue;
    std::shared_ptr<const Op> op = detail::silent_tap(*node->op);
    if (const auto* scan = dynamic_cast<const ScanOp*>(node->op.get())) {
      const Graph& inside = *scan->body();
      op = std::make_shared<ScanOp>(
          Graph{inside.inputs, substitute(inside.outputs, without_taps(inside)), {}}, scan->counts(),
          scan->length(), scan->reverse(), scan->recompute(), scan->step_count());
    }
    const Tensors before = outputs_of(Tensor(node->shared_from_this()));
    const Tensors after = outputs_of(make(op, substitute(node->inputs, now), node->where));
    for (std::size_t i = 0; i < before.size(); ++i) now.emplace(before[i], after[i]);
  }
  return now;
}

}  // namespace

bool ScanOp::chooses(std::span<const Spec>) const {
  const auto order = topological_order(body_.outputs);
  return std::any_of(order.begin(), order.end(),
                     [](const Node* node) { return node->op != nullptr && detail::chooses(*node); });
}

Tensors ScanOp::gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>& wanted) const {
  const Tensors& inputs = ys.front().node().inputs;
  const std::size_t first_capture = counts_.carries + counts_.xs;
  const std::vector<bool> active = active_inputs(body_, counts_.carries, wanted);

  // 1. The vector-Jacobian product of one step, in terms of the body's own tensors. Seeds: the gradient of
  //    the outgoing carry, which comes from the step after, and the gradients of the stacked outputs, which
  //    come from outside.
  Tensors step_ys;
  Tensors seeds;
  Tensors carry_seeds;
  Tensors initial;    // backward scan's carry: gradients of the final carry, then zeros to sum captures' into
  Tensors outer_dys;  // gradients of stacked outputs, over time
  const detail::Scope scope(detail::Scope::Kind::body);
  for (std::size_t i = 0; i < counts_.carries; ++i) {
    if (!active[i]) continue;
    step_ys.push_back(body_.outputs[i]);
    carry_seeds.push_back(scope.placeholder(body_.outputs[i].spec()));
    initial.push_back(dys[i].defined() ? dys[i] : zeros_like(inputs[i]));
  }
  seeds = carry_seeds;
  for (std::size_t i = 0; i < stacked_.size(); ++i) {
    const Tensor& dy = dys[counts_.carries + i];
    if (!dy.defined()) continue;
    step_ys.push_back(stacked_[i]);
    seeds.push_back(scope.placeholder(stacked_[i].spec()));
    outer_dys.push_back(dy);
  }
  Tensors wrt;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (active[i]) wrt.push_back(body_.inputs[i]);
  }
  Tensors step_gradients = detail::vjp(step_ys, seeds, wrt, chooses({}), ys.front().node().where);
  if (recompute_) step_gradients = substitute_defined(step_gradients, without_taps(body_));

  // 2. Take from the residuals (`trail`) what that needs of the forward pass. This alone decides what is
  //    saved. The first residuals are the incoming carries, from which, with xs, all else follows; a scan
  //    that recomputes saves nothing else.
  const auto x_begin = body_.inputs.begin() + static_cast<std::ptrdiff_t>(counts_.carries);
  const auto x_end = x_begin + static_cast<std::ptrdiff_t>(counts_.xs);
  const auto trail = stacked_.begin() + static_cast<std::ptrdiff_t>(counts_.ys);
  Tensors offered(trail, recompute_ ? trail + static_cast<std::ptrdiff_t>(counts_.carries) : stacked_.end());
  offered.insert(offered.end(), x_begin, x_end);
  Tensors kept = used_of(offered, step_gradients);
  const auto again = [&](const Tensor& t) { return follows_from_carry(t, body_, counts_.carries, kept); };
  offered.erase(std::remove_if(offered.begin(), offered.end(), again), offered.end());
  kept = used_of(offered, step_gradients);
  TensorMap<Tensor> over_time;  // maps a tensor of the body to its values at all steps
  for (std::size_t i = 0; i < stacked_.size(); ++i) over_time.emplace(stacked_[i], ys[counts_.carries + i]);
  for (std::size_t i = 0; i < counts_.xs; ++i) {
    over_time.insert_or_assign(body_.inputs[counts_.carries + i], inputs[counts_.carries + i]);
  }

  // 3. The backward scan: the same expressions, on the placeholders of its own step.
  Tensors xs = outer_dys;
  for (const Tensor& t : kept) xs.push_back(over_time.at(t));
  for (std::size_t i = first_capture; i < inputs.size(); ++i) {
    if (active[i]) initial.push_back(zeros_like(inputs[i]));
  }
  const auto body = [&](const Tensors& carry, const Tensors& x) {
    TensorMap<Tensor> now;
    for (std::size_t i = 0; i < carry_seeds.size(); ++i) now.emplace(carry_seeds[i], carry[i]);
    for (std::size_t i = 0; i < outer_dys.size(); ++i) now.emplace(seeds[carry_seeds.size() + i], x[i]);
    for (std::size_t i = 0; i < kept.size(); ++i) now.emplace(kept[i], x[outer_dys.size() + i]);
    for (std::size_t i = first_capture; i < inputs.size(); ++i) now.emplace(body_.inputs[i], inputs[i]);

    const Tensors gradients = substitute_defined(step_gradients, now);
    Carried next;
    std::size_t sum = carry_seeds.size();  // carry that accumulates the next capture's gradient
    for (std::size_t i = 0, w = 0; i < inputs.size(); ++i) {
      if (!active[i]) continue;
      const Tensor& gradient = gradients[w++];
      if (i < counts_.carries) {
        next.carry.push_back(gradient.defined() ? gradient : zeros_like(inputs[i]));
      } else if (i < first_capture) {
        next.ys.push_back(gradient.defined() ? gradient : zeros_like(body_.inputs[i]));
      } else {
        next.carry.push_back(gradient.defined() ? carry[sum] + gradient : carry[sum]);
        ++sum;
      }
    }
    return next;
  };
  const Location where = ys.front().node().where;
  const detail::ClosedBody closed = detail::close_body(body, initial, xs, where);
  const auto op =
      std::make_shared<ScanOp>(closed.graph, closed.counts, length_, !reverse_, recompute_, step_count_);
  const Carried back = detail::scan_node(op, initial, xs, closed.captures, where);

  // 4. Assign the results to the inputs they belong to.
  Tensors gradients(inputs.size());
  std::size_t carry = 0;
  std::size_t y = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!active[i]) continue;
    const bool is_x = i >= counts_.carries && i < first_capture;
    gradients[i] = is_x ? back.ys[y++] : back.carry[carry++];
  }
  return gradients;
}

}  // namespace sluice
