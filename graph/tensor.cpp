#include <sluice/graph/guard.h>
#include <sluice/graph/leaf.h>
#include <sluice/graph/tensor.h>
#include <sluice/graph/version.h>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace sluice {

namespace {

/// The dtype of numbers beside these operands: a mask beside floats is not what a number is meant for.
DType dtype_of_numbers(std::span<const Operand> operands) {
  std::optional<DType> found;
  for (const Operand& operand : operands) {
    if (operand.is_number()) continue;
    const DType dtype = operand.tensor().dtype();
    if (is_floating(dtype)) return dtype;
    if (!found || (*found == DType::boolean && dtype == DType::int32)) found = dtype;
  }
  return found.value_or(DType::float32);
}

std::shared_ptr<const Node> leaf_node(std::shared_ptr<const Op> op, const Spec& spec) {
  return std::make_shared<Node>(std::move(op), Tensors{}, Specs{spec}, Location{}, 0);
}

void require_defined(const Operand& operand, std::string_view who) {
  if (operand.defined()) return;
  throw Error(fmt::format("[{}] takes tensors that were made: got an undefined Tensor; assign it first", who),
              operand.where());
}

/// What the op says that it takes, so that infer may rely on it.
void require_operands(const Op& op, const Specs& inputs) {
  const Takes takes = op.takes();
  if (takes.operands != Takes::any_number && inputs.size() != takes.operands) {
    throw Error(fmt::format("[{}] the number of operands must be {}: got {}; pass each of them", op.name(),
                            takes.operands, inputs.size()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!detail::includes(takes.domain, inputs[i].dtype)) {
      throw ShapeError(fmt::format("[{}] operand {} must be {}: got {}; cast it", op.name(), i,
                                   detail::described(takes.domain), inputs[i].text()));
    }
    if (takes.equal_dtypes && inputs[i].dtype != inputs[0].dtype) {
      throw ShapeError(fmt::format("[{}] dtypes must be equal: got {} and {}; cast one of them", op.name(),
                                   inputs[0].text(), inputs[i].text()));
    }
  }
}

}  // namespace

Tensor::Tensor(Array value) {
  const Spec spec = value.spec();
  node_ = leaf_node(std::make_shared<Constant>(std::move(value)), spec);
}

void Tensor::undefined(Location where) {
  throw Error("[tensor] only a tensor that was made has a shape: got an undefined Tensor; assign it first",
              where);
}

Index Tensor::dim(Index axis, Location where) const {
  const detail::Call call("dim", where);
  return shape()[normal_axis(axis, rank(), "dim")];
}

const Op& Tensor::op(Location where) const { return *node(where).op; }

const Tensor& Tensor::input(std::size_t i, Location where) const {
  const Tensors& inputs = node(where).inputs;
  if (i >= inputs.size()) {
    throw Error(
        fmt::format("[input] inputs count from 0: got input {} of '{}', which has {}; see input_count", i,
                    op().name(), inputs.size()),
        where);
  }
  return inputs[i];
}

std::size_t Tensor::input_count(Location where) const { return node(where).inputs.size(); }

bool Tensor::has_value() const {
  return defined() && dynamic_cast<const Constant*>(node_->op.get()) != nullptr;
}

const Array& Tensor::value(Location where) const {
  const detail::Call call("value", where);
  return value_for("value");
}

const Array& Tensor::value_for(std::string_view who) const {
  if (!defined()) {
    throw Error(fmt::format(
        "[{}] only a computed tensor has a value: got an undefined Tensor; assign it first", who));
  }
  const auto* constant = dynamic_cast<const Constant*>(node_->op.get());
  if (constant != nullptr) return constant->value;
  if (is_tracing()) require_values({*this}, who);
  throw Error(
      fmt::format("[{}] only a computed tensor has a value: got the result of '{}', {}; call evaluate(...) "
                  "on it, or return it from the compiled function",
                  who, op().name(), spec().text()));
}

double Tensor::item(Location where) const {
  const detail::Call call("item", where);
  const Array& array = value_for("item");
  if (array.shape().size() != 1) {
    throw ShapeError(
        fmt::format("[item] the tensor must have exactly one element: got {}; use to_vector, or reduce it",
                    array.spec().text()));
  }
  return array.element(0);
}

double Tensor::element(std::initializer_list<Index> places, Location where) const {
  const detail::Call call("at", where);
  const Array& array = value_for("at");
  const Shape& shape = array.shape();
  if (static_cast<Index>(places.size()) != shape.rank()) {
    throw ShapeError(fmt::format(
        "[at] there must be one index per axis: got {} for {}; {}", places.size(), array.spec().text(),
        shape.rank() == 0 ? "read a scalar by item()" : "give one for each, or take a row by x[i]"));
  }
  Index at = 0;
  for (Index axis = 0; axis < shape.rank(); ++axis) {
    const Index length = shape[axis];
    const Index place = places.begin()[axis];
    if (place < -length || place >= length) {
      throw ShapeError(
          fmt::format("[at] index {} must lie in {}..{} for {}: got {}; the first is 0, the last -1", axis,
                      -length, length - 1, array.spec().text(), place));
    }
    at = at * length + (place < 0 ? place + length : place);
  }
  return array.element(at);
}

Node::Node(std::shared_ptr<const Op> op, Tensors inputs, Specs outputs, Location where, int level,
           bool may_throw)
    : op(std::move(op)),
      inputs(std::move(inputs)),
      outputs(std::move(outputs)),
      where(where),
      level(level),
      may_throw(may_throw) {}

Node::~Node() {
  // A node that owns the last handle to its inputs would destroy them recursively, and a long chain would
  // overflow the stack. So take over the inputs of every node that only we still hold, and release them one
  // by one.
  Tensors orphans = std::move(inputs);
  while (!orphans.empty()) {
    const Tensor last = std::move(orphans.back());
    orphans.pop_back();
    if (!last.defined() || last.shared_node().use_count() != 1) continue;
    auto& node = const_cast<Node&>(last.node());  // nobody else can see it
    std::move(node.inputs.begin(), node.inputs.end(), std::back_inserter(orphans));
    node.inputs.clear();
  }
}

Operand::Operand(const Variable& variable, Location where) : tensor_(variable.read(where)), where_(where) {}

Tensor Operand::tensor(DType dtype) const {
  if (!is_number_) {
    const char* caller = detail::Call::user_of(where_).caller;
    require_defined(*this, caller != nullptr ? caller : "operand");
    return tensor_;
  }
  require_number(number_, dtype, "operand", "a number beside", where_);
  const Spec spec{dtype, {}};
  return Tensor(leaf_node(std::make_shared<Constant>(full({}, number_, dtype).value(), true), spec));
}

Tensor make(std::shared_ptr<const Op> op, std::span<const Operand> operands) {
  const Location where = operands.empty() ? Location{} : operands.front().where();
  for (const Operand& operand : operands) require_defined(operand, op->name());
  const DType dtype = dtype_of_numbers(operands);
  Tensors inputs;
  inputs.reserve(operands.size());
  for (const Operand& operand : operands) inputs.push_back(operand.tensor(dtype));
  return make(std::move(op), std::move(inputs), where);
}

Tensor make(std::shared_ptr<const Op> op, Tensors inputs, Location where) {
  const detail::Call call(where);
  Specs specs;
  specs.reserve(inputs.size());
  int level = 0;
  bool may_throw = false;
  for (const Tensor& input : inputs) {
    specs.push_back(input.spec());
    level = std::max(level, input.node().level);
    may_throw = may_throw || input.node().may_throw;
  }
  const Op& asked = *op;
  require_operands(asked, specs);
  Specs outputs = detail::guarded(asked, "infer", {}, [&] { return asked.infer(specs); });
  if (outputs.empty()) {
    throw Error(fmt::format("[{}] infer gives one spec per output: got none; return the Spec of each output",
                            asked.name()));
  }
  may_throw = may_throw || asked.may_throw(specs);
  return Tensor(std::make_shared<Node>(std::move(op), std::move(inputs), std::move(outputs),
                                       detail::Call::user_of(where), level, may_throw));
}

Tensors outputs_of(const Tensor& first, Location where) {
  const detail::Call call("outputs_of", where);
  Tensors outputs;
  for (std::size_t i = 0; i < first.node().outputs.size(); ++i) {
    outputs.emplace_back(first.shared_node(), static_cast<int>(i));
  }
  return outputs;
}

void Op::members(Attributes&) const {}

std::string Op::attributes() const {
  Attributes a;
  members(a);
  return a.text();
}

void detail::require_all_members(const Op& op, std::size_t size, Location where) {
  if (op.body() != nullptr) return;  // never taken for another
  static_assert(sizeof(Op) == sizeof(void*), "Attributes begins with the size of an Op");
  Attributes a = Attributes::of_sizes();
  op.members(a);
  const std::size_t listed = a.size_of_class();
  if (listed == size) return;
  throw Error(
      fmt::format("[{}] members lists every member of the op, in the order of declaration: got {} of {} "
                  "bytes; list the others too",
                  op.name(), listed, size),
      where);
}

void Op::run_in(const WorkMemory&, std::span<const View> inputs, std::span<const MutableView> outputs) const {
  run(inputs, outputs);
}

std::size_t Op::work_bytes(std::span<const Spec>, int) const { return 0; }

Tensors Op::gradient(const Tensor&, const Tensor&) const {
  throw Error(
      fmt::format("[{}] a derivative needs that of every op on the way: got '{}', which has none; wrap its "
                  "input in stop_gradient if none is meant",
                  name(), name()));
}

Tensors Op::gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>&) const {
  if (ys.size() > 1) {
    throw Error(fmt::format(
        "[{}] an op with several outputs overrides gradients, for gradient sees the first only: got "
        "{} outputs; override gradients, or wrap its inputs in stop_gradient if none is meant",
        name(), ys.size()));
  }
  return gradient(ys.front(), dys.front());
}

Tensor Op::keeping_zeros(const Tensors&, std::size_t) const { return {}; }

bool Op::chooses(std::span<const Spec>) const { return false; }

Tensors Op::decompose(const Tensors&) const { return {}; }

Tensors Op::at_all_steps(const Tensors&, const std::vector<bool>&) const { return {}; }

Tensor Op::sum_over_steps(const Tensors&, const std::vector<bool>&) const { return {}; }

bool Op::may_throw(std::span<const Spec>) const { return true; }

bool Op::works_by_rows(std::span<const Spec>, const std::vector<bool>&) const { return false; }

std::optional<std::size_t> Op::same_as_input(std::size_t) const { return std::nullopt; }

std::optional<Window> Op::window_in_input(const Spec&) const { return std::nullopt; }

std::optional<Window> Op::window_in_output(std::span<const Spec>, std::size_t) const { return std::nullopt; }

}  // namespace sluice
