#include <sluice/graph/leaf.h>
#include <sluice/graph/tensor.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sluice {

namespace {

std::shared_ptr<const Node> leaf_node(std::shared_ptr<const Op> op, const Spec& spec) {
  return std::make_shared<Node>(std::move(op), Tensors{}, Specs{spec}, Location{}, 0);
}

bool fits_int32(double number) { return number >= -2147483648.0 && number <= 2147483647.0; }

}  // namespace

Tensor::Tensor(Array value) {
  const Spec spec = value.spec();
  node_ = leaf_node(std::make_shared<Constant>(std::move(value)), spec);
}

const Spec& Tensor::spec() const {
  if (!defined()) throw Error("[tensor] an undefined Tensor has no shape: assign it first");
  return node_->outputs[static_cast<std::size_t>(output_)];
}

Index Tensor::dim(Index axis, Location where) const {
  try {
    return shape()[normal_axis(axis, rank(), "dim")];
  } catch (Error& error) {
    error.locate(where);
    throw;
  }
}

const Op& Tensor::op() const { return *node_->op; }
const Tensor& Tensor::input(std::size_t i) const { return node_->inputs[i]; }
std::size_t Tensor::input_count() const { return node_->inputs.size(); }

bool Tensor::has_value() const {
  return defined() && dynamic_cast<const Constant*>(node_->op.get()) != nullptr;
}

const Array& Tensor::value(Location where) const {
  if (!defined()) throw Error("[value] an undefined Tensor has no value: assign it first", where);
  const auto* constant = dynamic_cast<const Constant*>(node_->op.get());
  if (constant == nullptr) {
    throw Error(
        fmt::format(
            "[value] only a computed tensor has a value: got the result of '{}', {}; call evaluate(...) "
            "on it, or return it from the compiled function",
            op().name(), spec().text()),
        where);
  }
  return constant->value;
}

double Tensor::item(Location where) const {
  const Array& array = value(where);
  if (array.shape().size() != 1) {
    throw ShapeError(
        fmt::format("[item] the tensor must have exactly one element: got {}; use to_vector, or reduce it",
                    array.spec().text()),
        where);
  }
  return array.element(0);
}

Node::Node(std::shared_ptr<const Op> op, Tensors inputs, Specs outputs, Location where, int level)
    : op(std::move(op)), inputs(std::move(inputs)), outputs(std::move(outputs)), where(where), level(level) {}

Node::~Node() {
  // A node that owns the last handle to its inputs would destroy them recursively; a long chain would
  // overflow the stack. So take over the inputs of every node that only we still hold, and let go of them
  // here, one by one.
  Tensors orphans = std::move(inputs);
  while (!orphans.empty()) {
    const Tensor last = std::move(orphans.back());
    orphans.pop_back();
    if (!last.defined() || last.shared_node().use_count() != 1) continue;
    auto& node = const_cast<Node&>(last.node());  // nobody else can see it any more
    std::move(node.inputs.begin(), node.inputs.end(), std::back_inserter(orphans));
    node.inputs.clear();
  }
}

Operand::Operand(const Variable& variable, Location where) : where_(where) {
  try {
    tensor_ = variable.read();
  } catch (Error& error) {
    error.locate(where);
    throw;
  }
}

Tensor Operand::tensor(DType dtype) const {
  if (!is_number_) {
    if (!tensor_.defined()) throw Error("[operand] an undefined Tensor was used: assign it first", where_);
    return tensor_;
  }
  if (dtype == DType::int32 && (number_ != std::floor(number_) || !fits_int32(number_))) {
    throw ShapeError(
        fmt::format("[operand] a number beside an i32 tensor must be a 32-bit integer: got {}; cast the "
                    "tensor to a floating dtype first",
                    number_),
        where_);
  }
  const Spec spec{dtype, {}};
  return Tensor(leaf_node(std::make_shared<Constant>(full({}, number_, dtype).value(), true), spec));
}

Tensor make(std::shared_ptr<const Op> op, std::span<const Operand> operands) {
  DType dtype = DType::float32;
  for (const Operand& operand : operands) {
    if (operand.is_number()) continue;
    dtype = operand.tensor().dtype();
    break;
  }
  Tensors inputs;
  inputs.reserve(operands.size());
  for (const Operand& operand : operands) inputs.push_back(operand.tensor(dtype));
  return make(std::move(op), std::move(inputs), operands.empty() ? Location{} : operands.front().where());
}

Tensor make(std::shared_ptr<const Op> op, Tensors inputs, Location where) {
  Specs specs;
  specs.reserve(inputs.size());
  int level = 0;
  try {
    for (const Tensor& input : inputs) {
      specs.push_back(input.spec());
      level = std::max(level, input.node().level);
    }
    Specs outputs = op->infer(specs);
    return Tensor(std::make_shared<Node>(std::move(op), std::move(inputs), std::move(outputs), where, level));
  } catch (Error& error) {
    error.locate(where);
    throw;
  }
}

Tensors outputs_of(const Tensor& first) {
  Tensors outputs;
  for (std::size_t i = 0; i < first.node().outputs.size(); ++i) {
    outputs.emplace_back(first.shared_node(), static_cast<int>(i));
  }
  return outputs;
}

Tensors Op::gradient(const Tensor&, const Tensor&) const {
  throw Error(fmt::format(
      "[{}] this operation has no gradient: wrap its input in stop_gradient if none is meant", name()));
}

Tensors Op::gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>&) const {
  return gradient(ys.front(), dys.front());
}

Tensors Op::at_all_steps(const Tensors&, const std::vector<bool>&) const { return {}; }

Tensor Op::sum_over_steps(const Tensors&, const std::vector<bool>&) const { return {}; }

bool Op::works_by_rows(std::span<const Spec>, const std::vector<bool>&) const { return false; }

std::optional<Window> Op::window_in_input(const Spec&) const { return std::nullopt; }

std::optional<Window> Op::window_in_output(std::span<const Spec>, std::size_t) const { return std::nullopt; }

Tensor full(const Shape& shape, double value, DType dtype) {
  if (dtype == DType::int32 && !fits_int32(value)) {
    throw ShapeError(fmt::format(
        "[full] the value must lie in the range of i32: got {}; choose a floating dtype for it", value));
  }
  Array array(Spec{dtype, shape});
  with_type(dtype, [&](auto type) {
    auto values = array.values<decltype(type)>();
    std::fill(values.begin(), values.end(), static_cast<decltype(type)>(value));
  });
  return Tensor(std::move(array));
}

Tensor zeros(const Shape& shape, DType dtype) { return full(shape, 0, dtype); }
Tensor ones(const Shape& shape, DType dtype) { return full(shape, 1, dtype); }
Tensor zeros_like(const Tensor& x) { return zeros(x.shape(), x.dtype()); }
Tensor ones_like(const Tensor& x) { return ones(x.shape(), x.dtype()); }

Tensor arange(Index count, DType dtype) {
  Array array(Spec{dtype, Shape{count}});
  with_type(dtype, [&](auto type) {
    auto values = array.values<decltype(type)>();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<decltype(type)>(i);
  });
  return Tensor(std::move(array));
}

}  // namespace sluice
