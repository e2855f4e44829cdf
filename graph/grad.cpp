#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/walk.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <unordered_set>

namespace sluice {

namespace {

/// The gradients that have arrived so far at every output of the nodes of the walk.
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

Tensors ask_op(const Node& node, const Tensors& dys, const std::vector<bool>& wanted) {
  Tensors ys;
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    ys.emplace_back(node.shared_from_this(), static_cast<int>(i));
  }
  try {
    Tensors dxs = node.op->gradients(ys, dys, wanted);
    if (dxs.size() != node.inputs.size()) {
      throw Error(fmt::format("[{}] gradient must return one tensor per input: the op has {} inputs, got {}",
                              node.op->name(), node.inputs.size(), dxs.size()));
    }
    for (std::size_t i = 0; i < dxs.size(); ++i) {
      if (!wanted[i] || !dxs[i].defined()) continue;
      dxs[i] = sum_to(dxs[i], node.inputs[i].shape());  // undoes the broadcasting of an input
      if (dxs[i].dtype() == node.inputs[i].dtype()) continue;
      throw ShapeError(fmt::format("[{}] a gradient has the dtype of its input: got {} for {}",
                                   node.op->name(), dxs[i].spec().text(), node.inputs[i].spec().text()));
    }
    return dxs;
  } catch (Error& error) {
    error.add(fmt::format("; in the gradient of '{}'", node.op->name()));
    error.locate(node.where);
    throw;
  }
}

void require_defined(const Tensors& tensors, Location where) {
  for (const Tensor& t : tensors) {
    if (!t.defined()) throw Error("[grad] an undefined Tensor has no derivative: assign it first", where);
  }
}

/// Stands for an argument: the same value, but no part of what the argument was computed from.
class Argument final : public Op {
 public:
  std::string_view name() const override { return "argument"; }
  Specs infer(std::span<const Spec> inputs) const override { return {inputs[0]}; }
  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    if (inputs[0].size() > 0) std::memcpy(outputs[0].data, inputs[0].data, inputs[0].spec.bytes());
  }
  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {dy}; }
};

/// The arguments to differentiate a function by, which must not depend on each other: where one is given
/// twice or computed from another, new nodes stand for all.
Tensors independent(const Tensors& arguments, Location where) {
  require_defined(arguments, where);
  TensorMap<bool> given;
  bool depend = false;
  for (const Tensor& t : arguments) depend = !given.emplace(t, true).second || depend;
  std::unordered_set<const Node*> computed;
  for (const Node* node : topological_order(arguments)) {
    if (std::any_of(node->inputs.begin(), node->inputs.end(), [&](const Tensor& input) {
          return given.count(input) > 0 || computed.count(&input.node()) > 0;
        })) {
      computed.insert(node);
    }
  }
  for (const Tensor& t : arguments) depend = computed.count(&t.node()) > 0 || depend;
  if (!depend) return arguments;
  Tensors apart;
  for (const Tensor& t : arguments) apart.push_back(make(std::make_shared<Argument>(), {t}, where));
  return apart;
}

}  // namespace

Tensors vjp(const Tensors& ys, const Tensors& dys, const Tensors& wrt, Location where) {
  require_defined(ys, where);
  require_defined(wrt, where);
  if (ys.size() != dys.size()) {
    throw ShapeError(
        fmt::format("[vjp] one gradient per result: got {} results and {} gradients", ys.size(), dys.size()),
        where);
  }
  for (std::size_t i = 0; i < ys.size(); ++i) {
    if (!dys[i].defined() || dys[i].spec() == ys[i].spec()) continue;
    throw ShapeError(fmt::format("[vjp] a gradient has the shape and dtype of its result: got {} for {}",
                                 dys[i].spec().text(), ys[i].spec().text()),
                     where);
  }
  const auto order = topological_order(ys);
  // Only nodes between wrt and ys take part; `active` are those that depend on wrt.
  std::unordered_set<const Node*> active;
  for (const Tensor& t : wrt) active.insert(&t.node());
  const auto is_active = [&](const Tensor& t) {
    return active.count(&t.node()) > 0 && is_floating(t.dtype());
  };
  for (const Node* node : order) {
    if (std::any_of(node->inputs.begin(), node->inputs.end(), is_active)) active.insert(node);
  }

  Contributions contributions;
  for (std::size_t i = 0; i < ys.size(); ++i) {
    if (dys[i].defined() && is_active(ys[i])) contributions.add(ys[i], dys[i]);
  }
  for (auto at = order.rbegin(); at != order.rend(); ++at) {
    const Node& node = **at;
    const Tensors* arrived = contributions.find(node);
    if (arrived == nullptr) continue;
    std::vector<bool> wanted(node.inputs.size());
    std::transform(node.inputs.begin(), node.inputs.end(), wanted.begin(), is_active);
    if (std::find(wanted.begin(), wanted.end(), true) == wanted.end()) continue;
    const Tensors dxs = ask_op(node, *arrived, wanted);
    for (std::size_t i = 0; i < dxs.size(); ++i) {
      if (wanted[i] && dxs[i].defined()) contributions.add(node.inputs[i], dxs[i]);
    }
  }

  Tensors results;
  for (const Tensor& t : wrt) results.push_back(contributions.find(t));
  return results;
}

Tensors grad(const Tensor& y, const Tensors& wrt, Location where) {
  require_defined({y}, where);
  require_defined(wrt, where);
  if (y.size() != 1 || !is_floating(y.dtype())) {
    throw ShapeError(
        fmt::format("[grad] only a floating scalar can be differentiated: got {}; reduce it with sum or "
                    "mean first, or use vjp with a seed",
                    y.spec().text()),
        where);
  }
  for (const Tensor& t : wrt) {
    if (!is_floating(t.dtype())) {
      throw ShapeError(fmt::format("[grad] only floating tensors have a gradient: got {}", t.spec().text()),
                       where);
    }
  }
  Tensors gradients = vjp({y}, {ones_like(y)}, wrt, where);
  for (std::size_t i = 0; i < wrt.size(); ++i) {
    if (!gradients[i].defined()) gradients[i] = zeros_like(wrt[i]);
  }
  return gradients;
}

Tensor grad(const Tensor& y, const Tensor& wrt, Location where) {
  return grad(y, Tensors{wrt}, where).front();
}

ValueAndGrad value_and_grad(const std::function<Tensor(const Tensors&)>& function, const Tensors& arguments,
                            Location where) {
  const Tensors apart = independent(arguments, where);
  const Tensor value = function(apart);
  return {value, grad(value, apart, where)};
}

ValuesAndTangents jvp(const TensorFunction& function, const Tensors& arguments, const Tensors& tangents,
                      Location where) {
  if (arguments.size() != tangents.size()) {
    throw ShapeError(fmt::format("[jvp] one tangent per argument: got {} arguments and {} tangents",
                                 arguments.size(), tangents.size()),
                     where);
  }
  require_defined(tangents, where);
  const Tensors apart = independent(arguments, where);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].spec() != tangents[i].spec()) {
      throw ShapeError(fmt::format("[jvp] a tangent has the shape and dtype of its argument: got {} for {}",
                                   tangents[i].spec().text(), arguments[i].spec().text()),
                       where);
    }
  }
  Tensors values = function(apart);
  require_defined(values, where);
  // The vjp is linear in its seed, so its gradient with respect to the seed does not depend on the seed's
  // value.
  Tensors seeds;
  for (const Tensor& value : values) seeds.push_back(zeros_like(value));
  const Tensors pulled = vjp(values, seeds, apart, where);
  Tensors along;
  Tensors reached;
  for (std::size_t i = 0; i < pulled.size(); ++i) {
    if (!pulled[i].defined()) continue;
    reached.push_back(pulled[i]);
    along.push_back(tangents[i]);
  }
  Tensors directional = vjp(reached, along, seeds, where);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!directional[i].defined()) directional[i] = zeros_like(values[i]);
  }
  return {std::move(values), std::move(directional)};
}

}  // namespace sluice
