#pragma once

#include <sluice/graph/tensor.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace sluice {

namespace detail {
struct Slot;
}

/// A mutable slot that outlives graphs and programs: a parameter, an optimiser's moment, a step counter, a
/// random key, a carried state. Everything that changes during training is a Variable, so saving all
/// Variables saves the training. A handle: copies are the same slot.
///
/// Used where a Tensor is expected, a Variable stands for its current value: inside a traced function the
/// value last assigned there, elsewhere the value the slot has when the tensor is evaluated.
class Variable {
 public:
  Variable() = default;  ///< no slot yet; using it is an Error
  /// A slot with this value, which must be a constant or evaluable on the spot.
  explicit Variable(const Tensor& initial, Location where = Location::current());

  bool defined() const { return slot_ != nullptr; }
  const Spec& spec() const;
  const Shape& shape() const { return spec().shape; }
  DType dtype() const { return spec().dtype; }
  Index size() const { return shape().size(); }

  /// The current value as a node of the graph.
  Tensor read() const;
  operator Tensor() const { return read(); }  // NOLINT: reading is what a Variable is for

  /// Gives the slot a new value of the same shape and dtype. Inside a traced function this is recorded, seen
  /// by later reads there, and done when the function runs; elsewhere it is evaluated and done at once.
  /// Throws ShapeError for another shape or dtype, Error inside the body of a scan.
  void assign(const Operand& value) const;

  /// A constant with a copy of the value the slot holds now (not one assigned in a trace under way).
  Tensor value() const;
  /// Replaces the value at once, never traced; for loading. Throws ShapeError as assign does.
  void set(const Array& value) const;

  /// Same slot?
  bool is(const Variable& other) const { return slot_ == other.slot_; }
  const std::shared_ptr<detail::Slot>& slot() const { return slot_; }

 private:
  friend struct detail::Slot;
  explicit Variable(std::shared_ptr<detail::Slot> slot) : slot_(std::move(slot)) {}

  std::shared_ptr<detail::Slot> slot_;
};

/// A Variable and the path it has in a model, such as "rnn.0.forget.weight". Names are given by whoever owns
/// the Variable; checkpoints and errors use them.
struct NamedVariable {
  std::string name;
  Variable variable;
};
using NamedVariables = std::vector<NamedVariable>;

namespace detail {

/// Where a Variable's value lives. The array's memory belongs to the slot alone: programs read and write it
/// in place.
struct Slot {
  Array value;
  /// Counts the changes of `value`, so that what was made of it (packed weights) is made again in time.
  std::atomic<std::uint64_t> version = 0;
  std::weak_ptr<const Node> reading;  ///< the node that reads this slot, shared by all graphs that use it
  std::mutex reading_mutex;

  static Variable variable(std::shared_ptr<Slot> slot) { return Variable(std::move(slot)); }
};

}  // namespace detail

/// The Variable a node reads, or an undefined one when the node is no read.
Variable variable_read_by(const Node& node);

}  // namespace sluice
