#pragma once

#include <sluice/graph/array.h>
#include <sluice/graph/error.h>
#include <sluice/graph/op.h>

#include <initializer_list>
#include <memory>
#include <type_traits>
#include <vector>

namespace sluice {

struct Node;
class Variable;

/// A handle to one output of an immutable node of the graph: an op with its inputs, or a leaf (a constant,
/// the placeholder of a function being traced, a Variable's current value). Shape and dtype are known at
/// once, the value only when somebody evaluates or compiles. Copying copies the handle.
class Tensor {
 public:
  Tensor() = default;  ///< undefined: stands for "no tensor"
  explicit Tensor(std::shared_ptr<const Node> node, int output = 0)
      : node_(std::move(node)), output_(output) {}
  explicit Tensor(Array value);  ///< a constant

  bool defined() const { return node_ != nullptr; }
  const Spec& spec() const;
  const Shape& shape() const { return spec().shape; }
  DType dtype() const { return spec().dtype; }
  Index rank() const { return shape().rank(); }
  Index size() const { return shape().size(); }
  Index dim(Index axis, Location where = Location::current()) const;  ///< length of an axis; -1 is the last

  const Node& node() const { return *node_; }
  const std::shared_ptr<const Node>& shared_node() const { return node_; }
  int output() const { return output_; }
  const Op& op() const;
  const Tensor& input(std::size_t i) const;  ///< i-th input of the node
  std::size_t input_count() const;

  /// Whether the value is there to read: a constant, such as evaluate and compiled functions return.
  bool has_value() const;
  /// The value of a constant; throws Error when the tensor is not one ("evaluate it first").
  const Array& value(Location where = Location::current()) const;
  /// The only element of a constant, as a double; throws Error when there is not exactly one.
  double item(Location where = Location::current()) const;
  /// The elements of a constant, row-major; throws when T is not its type.
  template <class T = float>
  std::vector<T> to_vector(Location where = Location::current()) const {
    const auto values = value(where).values<T>();
    return {values.begin(), values.end()};
  }

  /// The same output of the same node: identity, not equality of values (that is ops/compare.h).
  bool is(const Tensor& other) const { return node_ == other.node_ && output_ == other.output_; }

 private:
  std::shared_ptr<const Node> node_;
  int output_ = 0;
};

/// One node: what is done to which inputs. Immutable once built.
struct Node : std::enable_shared_from_this<Node> {
  Node(std::shared_ptr<const Op> op, Tensors inputs, Specs outputs, Location where, int level);
  ~Node();  ///< frees chains of any length without recursion
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  std::shared_ptr<const Op> op;
  Tensors inputs;
  Specs outputs;
  Location where;
  /// How many functions being traced this node is inside of: 0 where it depends on no placeholder. This is
  /// how a scan tells what its body computes from what it captures.
  int level = 0;
};

/// What an op accepts where it takes a tensor: a Tensor, a Variable (its current value) or a number, which
/// takes the dtype of its partner. Remembers the line it was written on, for errors.
class Operand {
 public:
  Operand(const Tensor& tensor, Location where = Location::current()) : tensor_(tensor), where_(where) {}
  Operand(const Variable& variable, Location where = Location::current());
  template <class T>
  requires std::is_arithmetic_v<T> Operand(T number, Location where = Location::current())
      : number_(static_cast<double>(number)), is_number_(true), where_(where) {}

  bool is_number() const { return is_number_; }
  Location where() const { return where_; }
  /// The tensor; a number becomes a scalar constant of `dtype`. Throws Error for an undefined Tensor.
  Tensor tensor(DType dtype = DType::float32) const;

 private:
  Tensor tensor_;
  double number_ = 0;
  bool is_number_ = false;
  Location where_;
};

using Operands = std::initializer_list<Operand>;

/// Builds a node: runs the op's shape rule on the operands and returns the first output. Numbers among the
/// operands take the dtype of the first operand that is a tensor. Throws what the shape rule throws, with the
/// line of the first operand.
Tensor make(std::shared_ptr<const Op> op, std::span<const Operand> operands);
/// The same for tensors and a known line.
Tensor make(std::shared_ptr<const Op> op, Tensors inputs, Location where);

/// make<Tanh>(x): for ops without attributes. make(std::make_shared<Sum>(axes), {x}) for those with.
template <class O>
Tensor make(const Operand& a) {
  return make(std::make_shared<O>(), std::span(&a, 1));
}
template <class O>
Tensor make(const Operand& a, const Operand& b) {
  const Operand operands[] = {a, b};
  return make(std::make_shared<O>(), operands);
}
template <class O>
Tensor make(const Operand& a, const Operand& b, const Operand& c) {
  const Operand operands[] = {a, b, c};
  return make(std::make_shared<O>(), operands);
}
inline Tensor make(std::shared_ptr<const Op> op, Operands operands) {
  return make(std::move(op), std::span(operands.begin(), operands.size()));
}

/// All outputs of the node of `first`, as tensors: for ops with several.
Tensors outputs_of(const Tensor& first);

/// Constants. `tensor({1.f, 2.f, 3.f, 4.f}, {2, 2})` holds values; full has one value everywhere.
template <class T>
Tensor tensor(std::span<const T> values, const Shape& shape) {
  return Tensor(Array::of(values, shape));
}
template <class T>
Tensor tensor(const std::vector<T>& values, const Shape& shape) {
  return Tensor(Array::of(std::span<const T>(values), shape));
}
template <class T>
Tensor tensor(std::initializer_list<T> values, const Shape& shape) {
  return Tensor(Array::of(std::span<const T>(values.begin(), values.size()), shape));
}
/// A one-dimensional constant: tensor({1.f, 2.f}).
template <class T>
Tensor tensor(std::initializer_list<T> values) {
  return tensor(values, Shape{static_cast<Index>(values.size())});
}
Tensor full(const Shape& shape, double value, DType dtype = DType::float32);
Tensor zeros(const Shape& shape, DType dtype = DType::float32);
Tensor ones(const Shape& shape, DType dtype = DType::float32);
Tensor zeros_like(const Tensor& x);
Tensor ones_like(const Tensor& x);
/// 0, 1, ..., count - 1.
Tensor arange(Index count, DType dtype = DType::int32);

}  // namespace sluice
