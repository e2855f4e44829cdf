#pragma once

#include <sluice/graph/scope.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace sluice {

/// The result of reading a Variable that the traced function has assigned: the value assigned, as a version
/// of the Variable with respect to which gradients can be taken. An assignment ends gradients, as it does
/// outside of traced functions, where the value is already a number. A closed Graph contains none.
class Assigned final : public Op {
 public:
  Assigned(std::shared_ptr<detail::Slot> slot, std::uint64_t number,
           std::shared_ptr<const detail::Trace> trace)
      : slot(std::move(slot)), number(number), trace(std::move(trace)) {}
  std::string_view name() const override { return "assigned"; }
  void members(Attributes& a) const override { a("variable", slot), a("number", number), a("trace", trace); }
  Specs infer(std::span<const Spec> inputs) const override { return {inputs[0]}; }
  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override;
  Tensors gradient(const Tensor&, const Tensor&) const override { return {Tensor()}; }

  const std::shared_ptr<detail::Slot> slot;
  const std::uint64_t number;  ///< counts the assignments of the traced function, from 1
  const std::shared_ptr<const detail::Trace> trace;
};

/// The Variable whose value a node stands for, and which of its values. The higher number is newer.
struct VersionOf {
  const detail::Slot* slot;
  std::uint64_t number;
};

/// The version that a node stands for, if it is a Version, a Read or an Assigned.
std::optional<VersionOf> version_of(const Node& node);

/// The versions that tensors were made from, without those behind an assignment. `order` is the tensors'
/// topological order.
std::vector<const Node*> versions_in(const Tensors& tensors, const std::vector<const Node*>& order);

/// The Variable of a version; undefined for any other node.
Variable variable_of(const Node& node);

/// The Variables that tensors were made from, each once, without those behind an assignment.
std::vector<Variable> variables_of(const Tensors& tensors, Location where = Location::current());

/// The trace that a leaf or an Assigned node belongs to; null if none.
const detail::Trace* trace_of(const Node& node);

/// Throws Error if a tensor depends on a trace, running or ended: it has no value.
void require_values(const Tensors& tensors, std::string_view who);

}  // namespace sluice
