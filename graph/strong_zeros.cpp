#include <sluice/graph/scope.h>
#include <sluice/graph/strong_zeros.h>
#include <sluice/graph/walk.h>

namespace sluice::detail {

bool chooses(const Node& node) {
  Specs inputs;
  for (const Tensor& input : node.inputs) inputs.push_back(input.spec());
  return node.op->chooses(inputs);
}

Tensors gradients_keeping_zeros(const Op& op, const Tensors& ys, const Tensors& dys,
                                const std::vector<bool>& wanted) {
  // Placeholders for dys mark what the op's rule makes of them: nodes of a deeper level than all others.
  const Scope scope(Scope::Kind::body);
  Tensors seeds;
  TensorMap<Tensor> now;
  for (const Tensor& dy : dys) {
    seeds.push_back(dy.defined() ? scope.placeholder(dy.spec()) : Tensor());
    if (dy.defined()) now.emplace(seeds.back(), dy);
  }
  Tensors dxs = op.gradients(ys, seeds, wanted);
  Tensors roots;
  for (const Tensor& dx : dxs) {
    if (dx.defined()) roots.push_back(dx);
  }
  for (const Node* node : topological_order(roots, scope.level())) {
    Tensors inputs;
    std::vector<std::size_t> dependent;
    for (std::size_t i = 0; i < node->inputs.size(); ++i) {
      const auto found = now.find(node->inputs[i]);
      if (found != now.end()) dependent.push_back(i);
      inputs.push_back(found != now.end() ? found->second : node->inputs[i]);
    }
    if (dependent.empty()) continue;  // a seed, or of a body that was traced at a deeper level
    Tensor made = dependent.size() == 1 ? node->op->keeping_zeros(inputs, dependent[0]) : Tensor();
    if (!made.defined()) made = make(node->op, std::move(inputs), node->where);
    for (std::size_t i = 0; i < node->outputs.size(); ++i) {
      const auto output = static_cast<int>(i);
      now.emplace(Tensor(node->shared_from_this(), output), Tensor(made.shared_node(), output));
    }
  }
  for (Tensor& dx : dxs) {
    if (const auto found = dx.defined() ? now.find(dx) : now.end(); found != now.end()) dx = found->second;
  }
  return dxs;
}

}  // namespace sluice::detail
