#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/leaf.h>
#include <sluice/graph/scope.h>
#include <sluice/graph/strong_zeros.h>
#include <sluice/graph/walk.h>
#include <sluice/ops/formula.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

namespace sluice {

namespace {

/// Throws Error for a tensor behind the results that is neither made of the placeholders nor a constant.
void require_closed_formula(const Graph& formula, std::string_view name) {
  const Tensors& operands = formula.inputs;
  for (const Node* node : topological_order(formula.outputs)) {
    if (leaf_of(*node) == nullptr || dynamic_cast<const Constant*>(node->op.get()) != nullptr) continue;
    if (std::any_of(operands.begin(), operands.end(), [&](const Tensor& x) { return &x.node() == node; }))
      continue;
    throw Error(fmt::format(
        "[{}] the formula of an op is made of its operands and constants: got a tensor {} from outside, {}; "
        "make it an operand, or evaluate it if a constant is meant",
        name, node->outputs.front().text(),
        variable_read_by(*node).defined() ? "the value of a Variable" : "an argument of another function"));
  }
}

/// What f returns; its errors say in which formula they arose, and where the op was called.
template <class F>
auto within_formula(const Op& op, std::span<const Spec> inputs, const F& f) {
  try {
    return f();
  } catch (Error& error) {
    std::vector<std::string> seen;
    for (const Spec& spec : inputs) seen.push_back(spec.text());
    const Location user = detail::Call::user_of({});
    error.add(fmt::format("; in the formula of '{}', which sees ({}){}", op.name(), fmt::join(seen, ", "),
                          user.of_user() ? fmt::format(" from {}", user.text()) : ""));
    throw;
  }
}

Specs specs_of(const Tensors& tensors) {
  Specs specs;
  for (const Tensor& t : tensors) specs.push_back(t.spec());
  return specs;
}

}  // namespace

Graph FormulaOp::recorded(std::span<const Spec> inputs, const detail::Scope& scope) const {
  constexpr int deepest = 64;
  if (scope.level() > deepest) {
    throw Error(
        fmt::format("[{0}] a formula comes to an end: got the formula of '{0}' within {1} others; leave "
                    "the op out of its own formula",
                    name(), deepest));
  }
  return within_formula(*this, inputs, [&] {
    Graph graph;
    for (const Spec& spec : inputs) graph.inputs.push_back(scope.placeholder(spec));
    graph.outputs = results(graph.inputs);
    for (const Tensor& output : graph.outputs) {
      if (output.defined()) continue;
      throw Error(fmt::format(
          "[{}] a formula returns what it has computed: got an undefined Tensor; assign it first", name()));
    }
    require_closed_formula(graph, name());
    return graph;
  });
}

Specs FormulaOp::infer(std::span<const Spec> inputs) const {
  const detail::Scope scope(detail::Scope::Kind::formula, detail::Call::user_of({}));
  const Graph graph = recorded(inputs, scope);
  Specs specs;
  for (const Tensor& output : graph.outputs) specs.push_back(output.spec());
  return specs;
}

void FormulaOp::run(std::span<const View> inputs, std::span<const MutableView> outputs) const {
  Specs specs;
  Arrays operands;
  for (const View& input : inputs) {
    specs.push_back(input.spec);
    operands.emplace_back(input.spec);
    if (input.spec.bytes() > 0) std::memcpy(operands.back().data(), input.data, input.spec.bytes());
  }
  const detail::Scope scope(detail::Scope::Kind::formula);
  Graph read = recorded(specs, scope);
  for (std::size_t i = outputs.size(); i-- > 0;) {
    if (outputs[i].data == nullptr) read.outputs.erase(read.outputs.begin() + static_cast<std::ptrdiff_t>(i));
  }
  const Arrays values = within_formula(*this, specs, [&] { return Interpreter(read).run(operands); });
  std::size_t next = 0;
  for (const MutableView& output : outputs) {
    if (output.data == nullptr) continue;
    const Array& value = values[next++];
    if (value.bytes() > 0) std::memcpy(output.data, value.data(), value.bytes());
  }
}

Tensors FormulaOp::decompose(const Tensors& inputs) const {
  // On placeholders: those of a loop in the formula must be of a deeper level than its operands.
  const detail::Scope scope(detail::Scope::Kind::formula);
  const Graph graph = recorded(specs_of(inputs), scope);
  TensorMap<Tensor> now;
  for (std::size_t i = 0; i < inputs.size(); ++i) now.emplace(graph.inputs[i], inputs[i]);
  return substitute(graph.outputs, now, scope.level());
}

bool FormulaOp::may_throw(std::span<const Spec> inputs) const {
  const detail::Scope scope(detail::Scope::Kind::formula);
  const Graph graph = recorded(inputs, scope);
  return std::any_of(graph.outputs.begin(), graph.outputs.end(),
                     [](const Tensor& t) { return t.node().may_throw; });
}

bool FormulaOp::chooses(std::span<const Spec> inputs) const {
  const detail::Scope scope(detail::Scope::Kind::formula);
  const Graph graph = recorded(inputs, scope);
  const auto order = topological_order(graph.outputs);
  return std::any_of(order.begin(), order.end(), [](const Node* node) { return detail::chooses(*node); });
}

Tensors FormulaOp::gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>& wanted) const {
  const Tensors& inputs = ys.front().node().inputs;
  // On placeholders: an operand may be another one, too, or be computed from it.
  const detail::Scope scope(detail::Scope::Kind::body);
  const Graph graph = recorded(specs_of(inputs), scope);
  TensorMap<Tensor> now;
  Tensors wrt;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    now.emplace(graph.inputs[i], inputs[i]);
    if (wanted[i]) wrt.push_back(graph.inputs[i]);
  }
  Tensors seeds;
  for (const Tensor& dy : dys) {
    seeds.push_back(dy.defined() ? scope.placeholder(dy.spec()) : Tensor());
    if (dy.defined()) now.emplace(seeds.back(), dy);
  }
  const Tensors found = vjp(graph.outputs, seeds, wrt);
  Tensors made;
  std::copy_if(found.begin(), found.end(), std::back_inserter(made),
               [](const Tensor& t) { return t.defined(); });
  made = substitute(made, now, scope.level());
  Tensors dxs(inputs.size());
  for (std::size_t i = 0, asked = 0, next = 0; i < inputs.size(); ++i) {
    if (wanted[i] && found[asked++].defined()) dxs[i] = made[next++];
  }
  return dxs;
}

}  // namespace sluice
