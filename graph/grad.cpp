#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/walk.h>

#include <fmt/format.h>

#include <algorithm>
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
    const Tensor summed = sum_to(contribution, to.shape());  // undoes the broadcasting of an input
    slot = slot.defined() ? slot + summed : summed;
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
    return dxs;
  } catch (Error& error) {
    error.locate(node.where);
    throw;
  }
}

}  // namespace

Tensors vjp(const Tensors& ys, const Tensors& dys, const Tensors& wrt) {
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
  Tensors gradients = vjp({y}, {ones_like(y)}, wrt);
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
  const Tensor value = function(arguments);
  return {value, grad(value, arguments, where)};
}

ValuesAndTangents jvp(const TensorFunction& function, const Tensors& arguments, const Tensors& tangents,
                      Location where) {
  if (arguments.size() != tangents.size()) {
    throw ShapeError(fmt::format("[jvp] one tangent per argument: got {} arguments and {} tangents",
                                 arguments.size(), tangents.size()),
                     where);
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].spec() != tangents[i].spec()) {
      throw ShapeError(fmt::format("[jvp] a tangent has the shape and dtype of its argument: got {} for {}",
                                   tangents[i].spec().text(), arguments[i].spec().text()),
                       where);
    }
  }
  Tensors values = function(arguments);
  // The vjp is linear in its seed, so its gradient with respect to the seed does not depend on the seed's
  // value.
  Tensors seeds;
  for (const Tensor& value : values) seeds.push_back(zeros_like(value));
  const Tensors pulled = vjp(values, seeds, arguments);
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
