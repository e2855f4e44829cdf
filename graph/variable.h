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
class Gate;
struct Slot;
}  // namespace detail

/// A mutable slot that outlives graphs and programs: a parameter, an optimiser's moment, a step counter, a
/// random key, a carried state. Everything that changes during training is a Variable, so saving all
/// Variables saves the training. A handle: copies are the same slot.
///
/// Where a Tensor is expected, a Variable is read: the Tensor stands for its value at this moment, whatever
/// is assigned later. Inside a traced function that is the value at this point of every run.
class Variable {
 public:
  Variable() = default;  ///< no slot yet; using it is an Error
  /// A slot with this value, which must be a constant or can be evaluated now.
  explicit Variable(const Tensor& initial, Location where = Location::current());

  bool defined() const { return slot_ != nullptr; }
  const Spec& spec(Location where = Location::current()) const;
  const Shape& shape(Location where = Location::current()) const { return spec(where).shape; }
  DType dtype(Location where = Location::current()) const { return spec(where).dtype; }
  Index size(Location where = Location::current()) const { return spec(where).shape.size(); }

  /// The current value as a node of the graph. An old value is kept for as long as somebody holds a Tensor
  /// made from it. Throws Error for a Variable without a slot.
  Tensor read(Location where = Location::current()) const;
  /// The same where a Tensor is expected. A conversion has no line to report, so a Variable without a slot
  /// becomes an undefined Tensor, and the function that takes it throws with its own line.
  operator Tensor() const {
    return defined() ? read(Location{}) : Tensor();
  }  // NOLINT: what a Variable is for

  /// A row of the value read: read()[i].
  Tensor operator[](const detail::Place& i) const { return read(i.where)[i]; }

  /// Gives the slot a new value of the same shape and dtype. Inside a traced function the assignment is
  /// recorded, seen by later reads there, and done when the function runs; elsewhere the value is evaluated
  /// and assigned at once. Either way no gradient flows through an assignment: a later read is a new version
  /// of the Variable, independent of what was assigned. Throws ShapeError for another shape or dtype, Error
  /// inside the body of a scan.
  void assign(const Operand& value) const;

  /// A constant with a copy of the slot's current value, taken between two runs of any program that writes
  /// it. Throws Error inside a traced function, where there are no values yet.
  Tensor value(Location where = Location::current()) const;
  /// Replaces the value at once, never traced; for loading. Throws ShapeError as assign does.
  void set(const Array& value, Location where = Location::current()) const;

  /// Freezes the Variable, or unfreezes it: optimisers leave frozen ones as they are, without gradient,
  /// change of moments or weight decay, until they are unfrozen. It can still be assigned. The flag belongs
  /// to the slot; checkpoints do not store it. Throws Error for a Variable without a slot.
  void freeze(bool frozen = true, Location where = Location::current()) const;
  /// Whether it is frozen. A compiled function that asks, such as one that calls an optimiser, is traced
  /// again when the answer is another.
  bool frozen(Location where = Location::current()) const;

  /// "f32[3, 3] made at model.cpp:12": identifies a Variable that has no name.
  std::string text(Location where = Location::current()) const;

  /// Whether both are the same slot.
  bool is(const Variable& other) const { return slot_ == other.slot_; }
  const std::shared_ptr<detail::Slot>& slot() const { return slot_; }

 private:
  friend struct detail::Slot;
  explicit Variable(std::shared_ptr<detail::Slot> slot) : slot_(std::move(slot)) {}

  std::shared_ptr<detail::Slot> slot_;
};

/// The text of the current value, as for a Tensor; inside a traced function, where there is none, the shape
/// and where it was made.
std::ostream& operator<<(std::ostream& out, const Variable& variable);

/// A Variable and its path in a model, such as "rnn.0.forget.weight". The owner of the Variable names it;
/// checkpoints and errors use the names.
struct NamedVariable {
  std::string name;
  Variable variable;
};
using NamedVariables = std::vector<NamedVariable>;

/// Copies of the values of several Variables at one moment: if programs on other threads write them, the
/// values after the same run. Throws Error for a Variable without a slot.
Arrays values_of(const std::vector<Variable>& variables, Location where = Location::current());
/// Replaces the values of several Variables at one moment: no program sees only some of them. Throws
/// ShapeError for wrong specs, and then changes nothing.
void set_values(const std::vector<Variable>& variables, const Arrays& values,
                Location where = Location::current());

namespace detail {

/// The storage of a Variable. The array's memory belongs to the slot alone: programs read and write it in
/// place.
struct Slot {
  Array value;
  Location made;  ///< the line that made the Variable
  /// Counts the changes of `value`, so that data derived from it (packed weights) is recomputed in time.
  std::atomic<std::uint64_t> version = 0;
  std::atomic<bool> frozen = false;   ///< whether optimisers leave the Variable as it is
  std::weak_ptr<const Node> reading;  ///< the Version node of the current value, if somebody holds it

  struct User {
    Gate* gate;
    bool writes;
  };
  std::vector<User> users;  ///< programs that use the slot
  /// Guards the users and, with the gates of those that write (see hold.h), the other members.
  std::mutex mutex;

  /// To be called before the value is overwritten: tensors made from it keep a copy.
  void keep_readings();
  /// To be called after the value was overwritten.
  void changed();

  static Variable variable(std::shared_ptr<Slot> slot) { return Variable(std::move(slot)); }
};

}  // namespace detail

/// The Variable whose value a leaf stands for, or an undefined one for any other node.
Variable variable_read_by(const Node& node);

}  // namespace sluice
