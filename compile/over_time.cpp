#include <sluice/compile/over_time.h>
#include <sluice/compile/rewrite.h>
#include <sluice/graph/answers.h>
#include <sluice/graph/leaf.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/steps.h>

#include <algorithm>
#include <limits>

namespace sluice {

namespace {

/// Deeper than any level, which distinguishes tensors that depend on a stand-in.
constexpr int stand_in_level = std::numeric_limits<int>::max();

}  // namespace

Tensors at_all_steps(const Node& node, const Tensors& inputs, const std::vector<bool>& over_time) {
  Tensors outputs;
  if (dynamic_cast<const ElementwiseOp*>(node.op.get()) != nullptr) {
    outputs = outputs_of(make(node.op, detail::aligned_over_time(inputs, over_time), node.where));
  } else {
    outputs = detail::ask_at_all_steps(node, inputs, over_time);
  }
  locate(outputs, inputs, node.where);
  return outputs;
}

OverTime::OverTime(ScanParts& parts) : parts_(parts), order_(topological_order(parts.results())) {
  for (const ScanParts::Carry& carry : parts.carries) on_carries_.insert(&carry.inside.node());
  for (const ScanParts::Argument& x : parts.xs) {
    before_.emplace(x.inside, x.outside);
    xs_.emplace(x.inside, x.outside);
  }
  for (const ScanParts::Argument& capture : parts.captures) once_.emplace(capture.inside, capture.outside);
  for (const Node* node : order_) visit(*node);
}

void OverTime::visit(const Node& node) {
  const auto outputs = [&] {
    Tensors all;
    for (std::size_t i = 0; i < node.outputs.size(); ++i)
      all.emplace_back(node.shared_from_this(), static_cast<int>(i));
    return all;
  };
  if (const Leaf* leaf = leaf_of(node)) {
    if (leaf->data() != nullptr) once_.emplace(outputs()[0], outputs()[0]);
    return;
  }
  if (node.op->is_observed()) {  // called at every step, whether or not its operands change
    on_carries_.insert(&node);
    return;
  }
  Tensors inputs;
  std::vector<bool> over_time;
  bool possible = true;
  for (const Tensor& input : node.inputs) {
    if (on_carries_.count(&input.node()) > 0) {
      on_carries_.insert(&node);
      return;
    }
    const Tensor same = once(input);
    over_time.push_back(!same.defined());
    inputs.push_back(same.defined() ? same : before_loop(input));
    possible = possible && inputs.back().defined();
  }
  if (!possible) return;
  const bool varies = std::find(over_time.begin(), over_time.end(), true) != over_time.end();
  const Tensors values =
      varies ? at_all_steps(node, inputs, over_time) : outputs_of(make(node.op, inputs, node.where));
  const Tensors inside = outputs();
  for (std::size_t i = 0; i < values.size(); ++i) (varies ? before_ : once_).emplace(inside[i], values[i]);
}

Tensor OverTime::stand_in(const Tensor& t) const {
  const Spec spec{t.dtype(), t.shape().inserted(0, parts_.length)};
  auto op = std::make_shared<Placeholder>(spec);
  return Tensor(std::make_shared<Node>(std::move(op), Tensors{}, Specs{spec}, parts_.where, stand_in_level));
}

OverTime::Trial OverTime::trial(const Node& node) const {
  Trial trial;
  for (const Tensor& input : node.inputs) {
    const Tensor same = once(input);
    trial.over_time.push_back(!same.defined());
    trial.inputs.push_back(same.defined() ? same : stand_in(input));
  }
  return trial;
}

OverTime::Operand OverTime::stacked(const Tensor& t) {
  if (const Tensor same = once(t); same.defined()) return {same, false};
  if (const Tensor x = find(xs_, t); x.defined()) return {x, true};
  const auto [entry, inserted] = stand_ins_.try_emplace(t);
  if (inserted) {
    entry->second = {stand_in(t), parts_.add_y(t)};
  }
  return {entry->second.first, true};
}

bool OverTime::is_stacked(const Tensor& t) const {
  return once_.count(t) > 0 || xs_.count(t) > 0 ||
         std::any_of(parts_.ys.begin(), parts_.ys.end(),
                     [&](const ScanParts::Y& y) { return y.inside.is(t); });
}

Tensors OverTime::put_in_place(const Tensors& tensors, const ScanParts::Built& built) const {
  TensorMap<Tensor> real;
  for (const auto& [inside, stand_in] : stand_ins_) real.emplace(stand_in.first, built.ys[stand_in.second]);
  Tensors defined;
  std::copy_if(tensors.begin(), tensors.end(), std::back_inserter(defined),
               [](const Tensor& t) { return t.defined(); });
  defined = substitute(defined, real, stand_in_level);
  Tensors result;
  auto next = defined.begin();
  for (const Tensor& t : tensors) result.push_back(t.defined() ? *next++ : Tensor());
  return result;
}

}  // namespace sluice
