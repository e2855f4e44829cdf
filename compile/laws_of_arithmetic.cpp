#include <sluice/compile/laws.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/leaf.h>
#include <sluice/ops/broadcast_to.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/matmul_op.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <optional>

namespace sluice::detail {

namespace {

/// Larger results are not folded into a constant, which would live as long as the program.
constexpr Index largest_folded = 256;

/// The value of a constant that is the same everywhere.
std::optional<double> uniform(const Tensor& t) {
  if (!t.has_value() || t.size() == 0) return std::nullopt;
  const Array& array = t.value();
  return with_type(t.dtype(), [&](auto type) -> std::optional<double> {
    const auto values = array.values<decltype(type)>();
    const auto first = values[0];
    const auto differs = [&](auto value) {
      return !(value == first) ||
             std::signbit(static_cast<double>(value)) != std::signbit(static_cast<double>(first));
    };
    if (std::any_of(values.begin(), values.end(), differs)) return std::nullopt;
    return static_cast<double>(first);
  });
}

/// Whether no element is -0, as far as is seen at once: a sum is -0 only where all terms are, and those of
/// several elements and products of matrices begin with +0 (but where a product underflows).
bool is_never_minus_zero(const Tensor& t, int most_deep = 8) {
  if (!is_floating(t.dtype())) return true;
  if (t.size() == 1 && t.has_value()) return t.item() != 0 || !std::signbit(t.item());
  if (most_deep == 0) return false;
  const Op& op = t.op();
  if (as_matmul(op) != nullptr) return true;
  if (sum_axes(op)) return t.input(0).size() != t.size() || is_never_minus_zero(t.input(0), most_deep - 1);
  if (is_reshape(op) || is_broadcast_to(op)) return is_never_minus_zero(t.input(0), most_deep - 1);
  return is_add(op) &&
         (is_never_minus_zero(t.input(0), most_deep - 1) || is_never_minus_zero(t.input(1), most_deep - 1));
}

/// Whether x (op) c is x to the last bit for a c that has this value everywhere. x + 0 is not where x is -0:
/// then the sum is +0, and what divides by it infinite with another sign.
bool is_neutral(const Op& op, double c, const Tensor& x) {
  if (is_multiply(op) || is_divide(op)) return c == 1;
  return c == 0 && (std::signbit(c) == is_add(op) || is_never_minus_zero(x));
}

Tensor neutral(const Node& node, const Tensors& in) {
  const Op& op = *node.op;
  const bool either = is_multiply(op) || is_add(op);
  if (!either && !is_subtract(op) && !is_divide(op)) return {};
  const auto alone = [&](std::size_t x, std::size_t constant) {
    if (!(in[x].spec() == node.outputs[0])) return false;
    const auto value = uniform(in[constant]);
    return value && is_neutral(op, *value, in[x]);
  };
  if (alone(0, 1)) return in[0];
  return either && alone(1, 0) ? in[1] : Tensor();
}

Tensor signs(const Node& node, const Tensors& in) {
  const Op& op = *node.op;
  const auto negated = [](const Tensor& t) { return is_negate(t.op()); };
  if (is_negate(op) && negated(in[0])) return in[0].input(0);
  if (is_add(op) && negated(in[1])) return Operand(in[0], node.where) - in[1].input(0);
  if (is_add(op) && negated(in[0])) return Operand(in[1], node.where) - in[0].input(0);
  if (is_subtract(op) && negated(in[1])) return Operand(in[0], node.where) + in[1].input(0);
  return {};
}

bool is_elementwise(const Op& op) { return dynamic_cast<const ElementwiseOp*>(&op) != nullptr; }

/// The node with other inputs, if it still has the same output.
Tensor with_inputs(const Node& node, Tensors inputs) {
  Shape shape;
  for (const Tensor& input : inputs) shape = broadcast(shape, input.shape(), node.op->name());
  if (shape != node.outputs[0].shape) return {};
  return make(node.op, std::move(inputs), node.where);
}

/// Drops broadcasts: elementwise ops broadcast themselves.
Tensor no_broadcast(const Node& node, const Tensors& in) {
  if (!is_elementwise(*node.op)) return {};
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (!is_broadcast_to(in[i].op())) continue;
    Tensors inputs = in;
    inputs[i] = in[i].input(0);
    if (const Tensor simpler = with_inputs(node, std::move(inputs)); simpler.defined()) return simpler;
  }
  return {};
}

/// Computes on one element of a uniform tensor and broadcasts the result; not if there are no elements.
Tensor broadcast_last(const Node& node, const Tensors& in) {
  if (!is_elementwise(*node.op) || node.outputs[0].shape.size() == 0) return {};
  Tensors inputs;
  Shape shape;
  for (const Tensor& input : in) {
    inputs.push_back(is_broadcast_to(input.op()) ? input.input(0) : input);
    shape = broadcast(shape, inputs.back().shape(), node.op->name());
  }
  if (shape == node.outputs[0].shape) return {};
  const Tensor once = make(node.op, std::move(inputs), node.where);
  return broadcast_to(Operand(once, node.where), node.outputs[0].shape);
}

/// Replaces a uniform constant by a scalar.
Tensor scalar_constant(const Node& node, const Tensors& in) {
  if (!is_elementwise(*node.op)) return {};
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (in[i].rank() == 0 || in[i].dtype() == DType::boolean || !in[i].has_value()) continue;
    Tensors inputs = in;
    inputs[i] = full({}, 0, in[i].dtype());
    if (!with_inputs(node, inputs).defined()) continue;
    const auto value = uniform(in[i]);
    if (!value) continue;
    inputs[i] = full({}, *value, in[i].dtype());
    return with_inputs(node, std::move(inputs));
  }
  return {};
}

Tensor fold(const Node& node, const Tensors& in) {
  if (in.empty() || node.outputs.size() != 1 || node.outputs[0].shape.size() > largest_folded ||
      node.op->body() != nullptr || node.op->is_observed() ||
      !std::all_of(in.begin(), in.end(), [](const Tensor& t) { return t.has_value(); })) {
    return {};
  }
  std::vector<View> views;
  for (const Tensor& t : in) views.push_back({t.spec(), t.value().data()});
  Array result(node.outputs[0]);
  const MutableView output{node.outputs[0], result.data()};
  try {
    node.op->run(views, std::span(&output, 1));
  } catch (const std::exception&) {
    return {};  // errors belong to the run of the program, not to compilation
  }
  return Tensor(std::move(result));
}

bool is_sum_or_product(const Op& op) {
  return is_add(op) || is_subtract(op) || is_multiply(op) || is_divide(op) || is_negate(op);
}

bool is_any(const Op&) { return true; }

}  // namespace

std::span<const NamedLaw> laws_of_arithmetic() {
  static constexpr NamedLaw laws[] = {
      {"of constants a constant", fold, is_any},
      {"x * 1, x / 1, x - 0 = x, and x + 0 where x is not -0", neutral, is_sum_or_product},
      {"-(-x) = x, a + (-b) = a - b, a - (-b) = a + b", signs, is_sum_or_product},
      {"f(broadcast(x), broadcast(y)) = broadcast(f(x, y))", broadcast_last, is_elementwise},
      {"f(broadcast(x), y) = f(x, y)", no_broadcast, is_elementwise},
      {"f([c, c, ...], y) = f(c, y)", scalar_constant, is_elementwise},
  };
  return laws;
}

}  // namespace sluice::detail
