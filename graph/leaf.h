#pragma once

#include <sluice/graph/array.h>
#include <sluice/graph/op.h>
#include <sluice/graph/variable.h>

#include <memory>

namespace sluice {

/// The three ops without inputs that every graph begins with. Whoever runs a graph supplies their values: the
/// array of the Constant, the slot of the Read, the argument for the Placeholder.
class Leaf : public Op {
 public:
  explicit Leaf(Spec spec) : spec_(spec) {}
  Specs infer(std::span<const Spec>) const override { return {spec_}; }
  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override;

  /// The memory that holds the value now; null for a placeholder.
  virtual const void* data() const = 0;

 private:
  Spec spec_;
};

/// A value fixed when the graph was built.
class Constant final : public Leaf {
 public:
  explicit Constant(Array value, bool literal = false)
      : Leaf(value.spec()), value(std::move(value)), literal(literal) {}
  std::string_view name() const override { return "constant"; }
  std::string attributes() const override;  ///< up to eight elements are shown in full
  const void* data() const override { return value.data(); }

  const Array value;
  /// A number written in a formula: nobody holds a Tensor of it, so nobody can ask for its gradient.
  const bool literal;
};

/// The current value of a Variable.
class Read final : public Leaf {
 public:
  explicit Read(std::shared_ptr<detail::Slot> slot) : Leaf(slot->value.spec()), slot(std::move(slot)) {}
  std::string_view name() const override { return "read"; }
  const void* data() const override { return slot->value.data(); }

  const std::shared_ptr<detail::Slot> slot;
};

/// An argument of a function being traced.
class Placeholder final : public Leaf {
 public:
  explicit Placeholder(Spec spec) : Leaf(spec) {}
  std::string_view name() const override { return "placeholder"; }
  const void* data() const override { return nullptr; }
};

/// The node that reads a Variable's slot, also where a trace under way has assigned it.
Tensor reading_of(const Variable& variable);

/// The op of a leaf, null for a node that computes.
const Leaf* leaf_of(const Node& node);

}  // namespace sluice
