#pragma once

#include <sluice/graph/array.h>
#include <sluice/graph/op.h>
#include <sluice/graph/scope.h>
#include <sluice/graph/variable.h>

#include <memory>

namespace sluice {

/// The ops without inputs: a Constant, the value a Variable held when it was read (Version), and in traced
/// functions the value it holds when the function begins (Read) and the arguments (Placeholder). See
/// docs/design.md, "What a read is".
class Leaf : public Op {
 public:
  explicit Leaf(Spec spec) : spec_(spec) {}
  bool may_throw(std::span<const Spec>) const override { return false; }
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
  void members(Attributes& a) const override;  ///< for printing: up to eight elements, or how many there are
  const void* data() const override { return value.data(); }

  const Array value;
  /// A number in a formula: nobody holds a Tensor of it, so nobody can ask for its gradient.
  const bool literal;
};

/// The value of a Variable at one moment: the result of reading it outside of traced functions. Shares the
/// slot's memory until the slot changes, and owns a copy from then on.
class Version final : public Leaf {
 public:
  explicit Version(std::shared_ptr<detail::Slot> slot)
      : Leaf(slot->value.spec()), slot(std::move(slot)), number(this->slot->version) {}
  std::string_view name() const override { return "version"; }
  const void* data() const override { return kept_.defined() ? kept_.data() : slot->value.data(); }

  /// Takes the copy, if there is none yet. Called by code that holds the slot and is about to change it.
  void keep() const {
    if (!kept_.defined()) kept_ = slot->value.clone();
  }

  const std::shared_ptr<detail::Slot> slot;
  const std::uint64_t number;  ///< counts the changes of the slot

 private:
  mutable Array kept_;
};

/// The value that a Variable has when a traced function begins to run.
class Read final : public Leaf {
 public:
  Read(std::shared_ptr<detail::Slot> slot, std::shared_ptr<const detail::Trace> trace)
      : Leaf(slot->value.spec()), slot(std::move(slot)), trace(std::move(trace)) {}
  std::string_view name() const override { return "read"; }
  const void* data() const override { return slot->value.data(); }

  const std::shared_ptr<detail::Slot> slot;
  const std::shared_ptr<const detail::Trace> trace;
};

/// An argument of a function being traced.
class Placeholder final : public Leaf {
 public:
  explicit Placeholder(Spec spec, std::shared_ptr<const detail::Trace> trace = nullptr)
      : Leaf(spec), trace(std::move(trace)) {}
  std::string_view name() const override { return "placeholder"; }
  const void* data() const override { return nullptr; }

  const std::shared_ptr<const detail::Trace> trace;  ///< null for placeholders made by passes
};

/// The op of a leaf, null for a node that computes.
const Leaf* leaf_of(const Node& node);

}  // namespace sluice
