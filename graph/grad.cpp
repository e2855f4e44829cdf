#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/guard.h>
#include <sluice/graph/scope.h>
#include <sluice/graph/strong_zeros.h>
#include <sluice/graph/version.h>
#include <sluice/graph/walk.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <unordered_set>

namespace sluice {

namespace {

/// The gradients accumulated so far for every output of the nodes walked.
class Contributions {
 public:
  void add(const Tensor& to, const Tensor& contribution) {
    Tensors& slots = at_[&to.node()];
    slots.resize(to.node().outputs.size());
    Tensor& slot = slots[static_cast<std::size_t>(to.output())];
    slot = slot.defined() ? slot + contribution : contribution;
  }

  const Tensors* find(const Node& node) const {
    auto found = at_.find(&node);
    return found == at_.end() ? nullptr : &found->second;
  }

  Tensor find(const Tensor& tensor) const {
    const Tensors* slots = find(tensor.node());
    return slots == nullptr ? Tensor() : (*slots)[static_cast<std::size_t>(tensor.output())];
  }

 private:
  std::unordered_map<const Node*, Tensors> at_;
};

/// Whether `part` may be the gradient of an input of shape `input`: it has that shape or, along axes that
/// were broadcast, the lengths of an output.
bool is_gradient_of(const Shape& part, const Shape& input, const Specs& outputs) {
  const Index extra = part.rank() - input.rank();
  bool fits = extra >= 0;
  for (Index axis = 0; fits && axis < input.rank(); ++axis)
    fits = input[axis] == 1 || input[axis] == part[axis + extra];
  if (!fits || part == input) return fits;
  // Axes of an elementwise op count from the last one of the output, batches of a product from the first.
  return std::any_of(outputs.begin(), outputs.end(), [&](const Spec& output) {
    const auto has_lengths = [&](Index shift) {
      for (Index axis = 0; axis < part.rank(); ++axis) {
        const bool is_broadcast = axis < extra || input[axis - extra] != part[axis];
        if (is_broadcast && (axis + shift >= output.shape.rank() || output.shape[axis + shift] != part[axis]))
          return false;
      }
      return true;
    };
    const Index more = output.shape.rank() - part.rank();
    return has_lengths(0) || (more > 0 && has_lengths(more));
  });
}

/// The gradients of a node's inputs. With `chosen`, zeros of dys stay zeros.
Tensors ask_op(const Node& node, const Tensors& dys, const std::vector<bool>& wanted, bool chosen) {
  Tensors ys;
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    ys.emplace_back(node.shared_from_this(), static_cast<int>(i));
  }
  const detail::Call call(node.where);
  try {
    Tensors dxs = detail::guarded(*node.op, "gradient", node.where, [&] {
      return chosen ? detail::gradients_keeping_zeros(*node.op, ys, dys, wanted)
                    : node.op->gradients(ys, dys, wanted);
    });
    if (dxs.size() != node.inputs.size()) {
      throw Error(
          fmt::format("[{}] a gradient has one tensor per input: got {} for {} inputs; return an "
                      "undefined Tensor for an input without one",
                      node.op->name(), dxs.size(), node.inputs.size()));
    }
    for (std::size_t i = 0; i < dxs.size(); ++i) {
      if (!wanted[i] || !dxs[i].defined()) continue;
      const Spec& input = node.inputs[i].spec();
      if (dxs[i].dtype() != input.dtype || !is_gradient_of(dxs[i].shape(), input.shape, node.outputs)) {
        throw ShapeError(
            fmt::format("[{}] a gradient has the shape and dtype of its input: got {} for input {}, {}; "
                        "reshape or cast what the op returns for it",
                        node.op->name(), dxs[i].spec().text(), i, input.text()));
      }
      dxs[i] = sum_to(dxs[i], input.shape);  // undoes the broadcasting of an input
    }
    return dxs;
  } catch (Error& error) {
    error.add(fmt::format("; in the gradient of '{}'", node.op->name()));
    throw;
  }
}

void require_defined(const Tensors& tensors, std::string_view who) {
  for (const Tensor& t : tensors) {
    if (t.defined()) continue;
    throw Error(
        fmt::format("[{}] takes tensors that were made: got an undefined Tensor; assign it first", who));
  }
}

/// Stands for an argument: the same value, cut off from what the argument was computed from.
class Argument final : public Op {
 public:
  std::string_view name() const override { return "argument"; }
  Specs infer(std::span<const Spec> inputs) const override { return {inputs[0]}; }
  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    if (inputs[0].size() > 0) std::memcpy(outputs[0].data, inputs[0].data, inputs[0].spec.bytes());
  }
  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {dy}; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  std::optional<std::size_t> same_as_input(std::size_t) const override { return 0; }
};

/// The arguments to differentiate a function by, which must not depend on each other: if one is given twice
/// or computed from another, new nodes replace all of them. They are then no longer versions of a Variable.
Tensors independent(const Tensors& arguments, std::string_view who) {
  require_defined(arguments, who);
  TensorMap<bool> given;
  bool depend = false;
  for (const Tensor& t : arguments) depend = !given.emplace(t, true).second || depend;
  std::unordered_set<const Node*> computed;
  for (const Node* node : topological_order(arguments)) {
    if (dynamic_cast<const Assigned*>(node->op.get()) != nullptr) continue;
    if (std::any_of(node->inputs.begin(), node->inputs.end(), [&](const Tensor& input) {
          return given.count(input) > 0 || computed.count(&input.node()) > 0;
        })) {
      computed.insert(node);
    }
  }
  for (const Tensor& t : arguments) depend = computed.count(&t.node()) > 0 || depend;
  if (!depend) return arguments;
  Tensors apart;
  for (const Tensor& t : arguments) apart.push_back(make(std::make_shared<Argument>(), {t}, Location{}));
  return apart;
}

/// Replaces a version of a Variable that the ys were not made from by the newest older one that they were
/// made from: a loss has its gradient with respect to the values it was computed with.
Tensors versions_differentiated(const Tensors& wrt, const Tensors& ys,
                                const std::vector<const Node*>& order) {
  const auto is_version = [](const Tensor& t) { return version_of(t.node()).has_value(); };
  if (std::none_of(wrt.begin(), wrt.end(), is_version)) return wrt;
  const std::vector<const Node*> versions = versions_in(ys, order);
  const std::unordered_set<const Node*> used(versions.begin(), versions.end());
  std::unordered_map<const detail::Slot*, std::vector<const Node*>> of_slot;
  for (const Node* node : versions) of_slot[version_of(*node)->slot].push_back(node);
  Tensors result = wrt;
  for (Tensor& t : result) {
    const auto asked = version_of(t.node());
    if (!asked || used.count(&t.node()) > 0) continue;
    const Node* newest = nullptr;
    for (const Node* node : of_slot[asked->slot]) {
      const std::uint64_t number = version_of(*node)->number;
      if (number < asked->number && (newest == nullptr || number > version_of(*newest)->number))
        newest = node;
    }
    if (newest != nullptr) t = Tensor(newest->shared_from_this());
  }
  return result;
}

/// Throws Error for a tensor from the body of a scan, or of a trace that has ended: nothing outside can
/// depend on it.
void require_not_ended(const Tensor& t, Location where) {
  for (const Node* node : topological_order({t})) {
    const detail::Trace* trace = node->inputs.size() > 1 ? nullptr : trace_of(*node);
    if (trace == nullptr || !trace->ended) continue;
    throw Error(
        fmt::format(
            "[grad] a gradient is with respect to a tensor that y can depend on: got one {} that "
            "belongs to {}; return it from there, and differentiate with respect to what was returned",
            t.spec().text(), trace->text()),
        where);
  }
}

}  // namespace

Tensors vjp(const Tensors& ys, const Tensors& dys, const Tensors& wrt, Location where) {
  return detail::vjp(ys, dys, wrt, false, where);
}

Tensors detail::vjp(const Tensors& ys, const Tensors& dys, const Tensors& asked, bool chosen,
                    Location where) {
  const detail::Call call("vjp", where);
  require_defined(ys, "vjp");
  require_defined(asked, "vjp");
  if (ys.size() != dys.size()) {
    throw ShapeError(
        fmt::format(
            "[vjp] one gradient per result: got {} results and {} gradients; an undefined one is zero",
            ys.size(), dys.size()),
        where);
  }
  for (std::size_t i = 0; i < ys.size(); ++i) {
    if (!dys[i].defined() || dys[i].spec() == ys[i].spec()) continue;
    throw ShapeError(fmt::format("[vjp] a gradient has the shape and dtype of its result: got {} for {}; "
                                 "broadcast or cast it",
                                 dys[i].spec().text(), ys[i].spec().text()),
                     where);
  }
  const auto order = topological_order(ys);
  const Tensors wrt = versions_differentiated(asked, ys, order);
  // Only nodes between wrt and ys take part; `active` are those that depend on wrt.
  std::unordered_set<const Node*> active;
  for (const Tensor& t : wrt) active.insert(&t.node());
  const auto is_active = [&](const Tensor& t) {
    return active.count(&t.node()) > 0 && is_floating(t.dtype());
  };
  for (const Node* node : order) {
    const bool ends = dynamic_cast<const Assigned*>(node->op.get()) != nullptr || node->op->stops_gradients();
    if (!ends && std::any_of(node->inputs.begin(), node->inputs.end(), is_active)) active.insert(node);
  }

  Contributions contributions;
  std::unordered_set<const Node*> below;  // a choice: some of their gradients are zero for good
  for (std::size_t i = 0; i < ys.size(); ++i) {
    if (!dys[i].defined() || !is_active(ys[i])) continue;
    contributions.add(ys[i], dys[i]);
    if (chosen) below.insert(&ys[i].node());
  }
  for (auto at = order.rbegin(); at != order.rend(); ++at) {
    const Node& node = **at;
    const Tensors* arrived = contributions.find(node);
    if (arrived == nullptr) continue;
    std::vector<bool> wanted(node.inputs.size());
    std::transform(node.inputs.begin(), node.inputs.end(), wanted.begin(), is_active);
    if (std::find(wanted.begin(), wanted.end(), true) == wanted.end()) continue;
    const bool is_below = below.count(&node) > 0;
    const Tensors dxs = ask_op(node, *arrived, wanted, is_below);
    const bool chooses = detail::chooses(node);
    for (std::size_t i = 0; i < dxs.size(); ++i) {
      if (!wanted[i] || !dxs[i].defined()) continue;
      contributions.add(node.inputs[i], dxs[i]);
      if (is_below || chooses) below.insert(&node.inputs[i].node());
    }
  }

  Tensors results;
  for (const Tensor& t : wrt) results.push_back(contributions.find(t));
  return results;
}

Tensors grad(const Tensor& y, const Tensors& wrt, Location where) {
  const detail::Call call("grad", where);
  require_defined({y}, "grad");
  require_defined(wrt, "grad");
  if (y.size() != 1 || !is_floating(y.dtype())) {
    throw ShapeError(
        fmt::format("[grad] only a floating scalar can be differentiated: got {}; reduce it with sum or "
                    "mean first, or use vjp with a seed",
                    y.spec().text()),
        where);
  }
  for (const Tensor& t : wrt) {
    if (!is_floating(t.dtype())) {
      throw ShapeError(
          fmt::format("[grad] only floating tensors have a gradient: got {}; cast it before y is "
                      "made from it",
                      t.spec().text()),
          where);
    }
  }
  Tensors gradients = vjp({y}, {ones_like(y)}, wrt);
  for (std::size_t i = 0; i < wrt.size(); ++i) {
    if (gradients[i].defined()) continue;
    require_not_ended(wrt[i], where);
    gradients[i] = zeros_like(wrt[i]);
  }
  return gradients;
}

Tensor grad(const Tensor& y, const Tensor& wrt, Location where) {
  return grad(y, Tensors{wrt}, where).front();
}

ValueAndGrad value_and_grad(const std::function<Tensor(const Tensors&)>& function, const Tensors& arguments,
                            Location where) {
  const detail::Call call("value_and_grad", where);
  if (!function)
    throw Error("[value_and_grad] takes a function: got an empty one; pass a function of Tensors");
  const Tensors apart = independent(arguments, "value_and_grad");
  const Tensor value = function(apart);
  return {value, grad(value, apart)};
}

ValuesAndTangents jvp(const TensorFunction& function, const Tensors& arguments, const Tensors& tangents,
                      Location where) {
  const detail::Call call("jvp", where);
  if (!function) throw Error("[jvp] takes a function: got an empty one; pass a function of Tensors");
  if (arguments.size() != tangents.size()) {
    throw ShapeError(
        fmt::format("[jvp] one tangent per argument: got {} arguments and {} tangents; zeros_like "
                    "where there is none",
                    arguments.size(), tangents.size()));
  }
  require_defined(tangents, "jvp");
  const Tensors apart = independent(arguments, "jvp");
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].spec() != tangents[i].spec()) {
      throw ShapeError(
          fmt::format("[jvp] a tangent has the shape and dtype of its argument: got {} for {}; "
                      "broadcast or cast it",
                      tangents[i].spec().text(), arguments[i].spec().text()));
    }
  }
  Tensors values = function(apart);
  require_defined(values, "jvp");
  // The vjp is linear in its seed, so its gradient with respect to the seed does not depend on the seed's
  // value.
  Tensors seeds;
  for (const Tensor& value : values) seeds.push_back(zeros_like(value));
  const Tensors pulled = vjp(values, seeds, apart);
  Tensors along;
  Tensors reached;
  for (std::size_t i = 0; i < pulled.size(); ++i) {
    if (!pulled[i].defined()) continue;
    reached.push_back(pulled[i]);
    along.push_back(tangents[i]);
  }
  Tensors directional = vjp(reached, along, seeds);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!directional[i].defined()) directional[i] = zeros_like(values[i]);
  }
  return {std::move(values), std::move(directional)};
}

}  // namespace sluice
