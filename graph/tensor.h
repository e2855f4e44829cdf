#pragma once

#include <sluice/graph/array.h>
#include <sluice/graph/call.h>
#include <sluice/graph/op.h>

#include <concepts>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace sluice {

struct Node;
class Variable;

namespace detail {

/// An index, and the line where it was written: brackets leave no room for a Location of their own.
struct Place {
  template <std::integral I>
  Place(I i, Location line = Location::current()) : index(static_cast<Index>(i)), where(line) {}

  Index index;
  Location where;
};

}  // namespace detail

/// A handle to one output of an immutable node of the graph: an op with its inputs, or a leaf (a constant,
/// the placeholder of a function being traced, the value of a Variable when it was read). Shape and dtype are
/// known at once, the value only after evaluating or compiling. Copying copies the handle.
class Tensor {
 public:
  Tensor() = default;  ///< undefined: stands for "no tensor"
  explicit Tensor(std::shared_ptr<const Node> node, int output = 0)
      : node_(std::move(node)), output_(output) {}
  explicit Tensor(Array value);  ///< a constant

  bool defined() const { return node_ != nullptr; }
  /// All that is known before there is a value. Like all members below, an Error for an undefined Tensor.
  const Spec& spec(Location where = Location::current()) const;
  const Shape& shape(Location where = Location::current()) const { return spec(where).shape; }
  DType dtype(Location where = Location::current()) const { return spec(where).dtype; }
  Index rank(Location where = Location::current()) const { return spec(where).shape.rank(); }
  Index size(Location where = Location::current()) const { return spec(where).shape.size(); }
  Index dim(Index axis, Location where = Location::current()) const;  ///< length of an axis; -1 is the last

  const Node& node(Location where = Location::current()) const {
    if (node_ == nullptr) undefined(where);
    return *node_;
  }
  const std::shared_ptr<const Node>& shared_node() const { return node_; }
  int output() const { return output_; }
  const Op& op(Location where = Location::current()) const;
  /// The i-th input of the node; throws Error if it has fewer.
  const Tensor& input(std::size_t i, Location where = Location::current()) const;
  std::size_t input_count(Location where = Location::current()) const;

  /// Whether the value can be read: true for constants, which evaluate and compiled functions return.
  bool has_value() const;
  /// The value of a constant; throws Error for any other tensor ("evaluate it first").
  const Array& value(Location where = Location::current()) const;
  /// The only element of a constant, as a double; throws Error if there is not exactly one.
  double item(Location where = Location::current()) const;
  /// One element of a constant, as a double: x.at(0, -1) is the last of the first row. Throws Error for any
  /// other tensor, ShapeError unless there is one index per axis, each within its axis.
  double at(const detail::Place& i, std::integral auto... more) const {
    return element({i.index, static_cast<Index>(more)...}, i.where);
  }
  /// The elements of a constant, row-major, as T: float, double, std::int32_t, std::int64_t or bool. Throws
  /// ShapeError unless T holds every value of the dtype: i32 fits into double and std::int64_t, f32 into
  /// double, bool into all.
  template <class T = float>
  std::vector<T> to_vector(Location where = Location::current()) const {
    const detail::Call call("to_vector", where);
    return detail::elements_as<T>(value_for("to_vector"));
  }

  /// The i-th row, x[-1] the last: select(x, 0, i), an op like others, so x[0][1] is a scalar tensor. Throws
  /// ShapeError for a scalar or an i out of range. Defined in ops/.
  Tensor operator[](const detail::Place& i) const;

  /// For people, of any length: "f32[2, 2] {{1, 2}, {3, 4}}" for a constant (of a large one the first
  /// values), else where it comes from: "f32[2], the result of 'add' (main.cpp:12)". Never throws an Error.
  std::string text() const;

  /// Whether this is the same output of the same node: identity, not equality of values (see ops/compare.h).
  bool is(const Tensor& other) const { return node_ == other.node_ && output_ == other.output_; }

 private:
  [[noreturn]] static void undefined(Location where);
  const Array& value_for(std::string_view who) const;
  double element(std::initializer_list<Index> places, Location where) const;

  std::shared_ptr<const Node> node_;
  int output_ = 0;
};

std::ostream& operator<<(std::ostream& out, const Tensor& x);  ///< x.text()

/// One node: an op and its inputs. Immutable once built.
struct Node : std::enable_shared_from_this<Node> {
  Node(std::shared_ptr<const Op> op, Tensors inputs, Specs outputs, Location where, int level,
       bool may_throw = false);
  ~Node();  ///< frees chains of any length without recursion
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  std::shared_ptr<const Op> op;
  Tensors inputs;
  Specs outputs;
  Location where;
  /// The nesting depth of the innermost trace that the node depends on; 0 if it depends on no placeholder. A
  /// scan uses it to tell what its body computes from what it captures.
  int level = 0;
  /// Whether computing the tensor may throw: its own op, or one it depends on (see Op::may_throw).
  bool may_throw = false;
};

inline const Spec& Tensor::spec(Location where) const {
  return node(where).outputs[static_cast<std::size_t>(output_)];
}

/// Accepted by ops in place of a tensor: a Tensor, a Variable (which is read) or a number, which takes the
/// dtype of the other operands (see make) and must be representable in it (require_number). Remembers the
/// caller's line for errors.
class Operand {
 public:
  Operand(const Tensor& tensor, Location where = Location::current()) : tensor_(tensor), where_(where) {}
  Operand(const Variable& variable, Location where = Location::current());
  template <class T>
  requires std::is_arithmetic_v<T> Operand(T number, Location where = Location::current())
      : number_(static_cast<double>(number)), is_number_(true), where_(where) {}

  bool defined() const { return is_number_ || tensor_.defined(); }
  bool is_number() const { return is_number_; }
  Location where() const { return where_; }
  /// The tensor; a number becomes a scalar constant of `dtype`. Throws Error for an undefined Tensor,
  /// ShapeError for a number that the dtype cannot represent.
  Tensor tensor(DType dtype = DType::float32) const;

 private:
  Tensor tensor_;
  double number_ = 0;
  bool is_number_ = false;
  Location where_;
};

using Operands = std::initializer_list<Operand>;

/// Builds a node: runs the op's shape rule on the operands and returns the first output. Numbers among the
/// operands take the dtype of the first floating tensor, if there is none of the first i32 tensor, else of
/// the first bool one. Throws what the shape rule throws, with the line of the first operand.
Tensor make(std::shared_ptr<const Op> op, std::span<const Operand> operands);
/// The same for tensors and a known line.
Tensor make(std::shared_ptr<const Op> op, Tensors inputs, Location where);

/// The same for an op of a known class. Does not compile for one with members that members() does not cover.
///
///     make(std::make_shared<Sum>(axes), {x})   an op and its operands; a list of tensors will do
///     make<Tanh>(x)                            an op that is constructed without arguments, up to three operands
///     make<Roll>({x}, shift)                   operands, then the arguments of the op's constructor
template <std::derived_from<Op> O>
Tensor make(const std::shared_ptr<O>& op, Tensors inputs, Location where = Location::current()) {
  detail::require_members(*op, where);
  return make(std::shared_ptr<const Op>(op), std::move(inputs), where);
}
template <std::derived_from<Op> O>
Tensor make(const std::shared_ptr<O>& op, std::span<const Operand> operands) {
  detail::require_members(*op, operands.empty() ? Location{} : operands.front().where());
  return make(std::shared_ptr<const Op>(op), operands);
}
template <std::derived_from<Op> O>
Tensor make(const std::shared_ptr<O>& op, Operands operands) {
  return make(op, std::span(operands.begin(), operands.size()));
}
template <class O, class... Arguments>
Tensor make(Operands operands, Arguments&&... arguments) {
  static_assert(std::is_constructible_v<O, Arguments...>,
                "make<Op>({operands}, arguments...): the op has no constructor with these arguments");
  return make(std::make_shared<O>(std::forward<Arguments>(arguments)...), operands);
}
template <class O>
Tensor make(const Operand& a) {
  return make<O>({a});
}
template <class O>
Tensor make(const Operand& a, const Operand& b) {
  return make<O>({a, b});
}
template <class O>
Tensor make(const Operand& a, const Operand& b, const Operand& c) {
  return make<O>({a, b, c});
}

/// All outputs of the node that `first` belongs to, for ops with several.
Tensors outputs_of(const Tensor& first, Location where = Location::current());

}  // namespace sluice

#include <sluice/graph/constants.h>  // tensor, zeros, ones, ...: at the end, for they return a Tensor
