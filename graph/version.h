#pragma once

#include <sluice/graph/scope.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace sluice {

/// What reading a Variable gives in a traced function that has assigned it: the value assigned, and a version
/// of the Variable, so that gradients can be asked for with respect to it. An assignment ends gradients, as
/// it does outside of traced functions, where the value is a number by then. There is none left in a Graph.
class Assigned final : public Op {
 public:
  Assigned(std::shared_ptr<detail::Slot> slot, std::uint64_t number,
           std::shared_ptr<const detail::Trace> trace)
      : slot(std::move(slot)), number(number), trace(std::move(trace)) {}
  std::string_view name() const override { return "assigned"; }
  std::string attributes() const override;
  Specs infer(std::span<const Spec> inputs) const override { return {inputs[0]}; }
  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override;
  Tensors gradient(const Tensor&, const Tensor&) const override { return {Tensor()}; }

  const std::shared_ptr<detail::Slot> slot;
  const std::uint64_t number;  ///< counts the assignments of the traced function, from 1
  const std::shared_ptr<const detail::Trace> trace;
};

/// Which value of which Variable a node stands for. Of two versions in one graph the one with the higher
/// number is newer.
struct VersionOf {
  const detail::Slot* slot;
  std::uint64_t number;
};

/// The version that a node stands for: a Version, a Read or an Assigned; none for any other node.
std::optional<VersionOf> version_of(const Node& node);

/// The versions that tensors were made from, not counting what was assigned to those versions. `order` is the
/// tensors' topological order.
std::vector<const Node*> versions_in(const Tensors& tensors, const std::vector<const Node*>& order);

/// The Variable that a version is one of; undefined for any other node.
Variable variable_of(const Node& node);

/// The Variables that tensors were made from, each once; not those that went into what was assigned to one of
/// them.
std::vector<Variable> variables_of(const Tensors& tensors, Location where = Location::current());

/// The trace that a leaf, or an Assigned node, belongs to; null where it belongs to none.
const detail::Trace* trace_of(const Node& node);

/// Throws Error where a tensor depends on a function being traced or on one that has ended: it has no value.
void require_values(const Tensors& tensors, std::string_view who);

}  // namespace sluice
