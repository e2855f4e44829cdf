#include <sluice/graph/call.h>
#include <sluice/graph/leaf.h>
#include <sluice/graph/version.h>
#include <sluice/graph/walk.h>

#include <fmt/format.h>

#include <cstring>
#include <unordered_set>

namespace sluice {

void Assigned::run(std::span<const View> inputs, std::span<const MutableView> outputs) const {
  if (inputs[0].size() > 0) std::memcpy(outputs[0].data, inputs[0].data, inputs[0].spec.bytes());
}

std::optional<VersionOf> version_of(const Node& node) {
  if (const auto* version = dynamic_cast<const Version*>(node.op.get()))
    return VersionOf{version->slot.get(), version->number};
  if (const auto* read = dynamic_cast<const Read*>(node.op.get())) return VersionOf{read->slot.get(), 0};
  if (const auto* assigned = dynamic_cast<const Assigned*>(node.op.get()))
    return VersionOf{assigned->slot.get(), assigned->number};
  return std::nullopt;
}

std::vector<const Node*> versions_in(const Tensors& tensors, const std::vector<const Node*>& order) {
  std::unordered_set<const Node*> reached;
  for (const Tensor& t : tensors) reached.insert(&t.node());
  std::vector<const Node*> versions;
  for (auto at = order.rbegin(); at != order.rend(); ++at) {
    const Node* node = *at;
    if (reached.count(node) == 0) continue;
    const bool is_version = node->inputs.size() <= 1 && version_of(*node).has_value();
    if (is_version) versions.push_back(node);
    if (is_version) continue;
    for (const Tensor& input : node->inputs) reached.insert(&input.node());
  }
  return versions;
}

Variable variable_of(const Node& node) {
  const auto* assigned = dynamic_cast<const Assigned*>(node.op.get());
  return assigned != nullptr ? detail::Slot::variable(assigned->slot) : variable_read_by(node);
}

std::vector<Variable> variables_of(const Tensors& tensors, Location where) {
  const detail::Call call("variables_of", where);
  std::vector<Variable> found;
  std::unordered_set<const detail::Slot*> slots;
  for (const Node* node : versions_in(tensors, topological_order(tensors))) {
    const Variable variable = variable_of(*node);
    if (slots.insert(variable.slot().get()).second) found.push_back(variable);
  }
  return {found.rbegin(), found.rend()};  // versions_in goes from users to inputs
}

const detail::Trace* trace_of(const Node& node) {
  if (const auto* placeholder = dynamic_cast<const Placeholder*>(node.op.get()))
    return placeholder->trace.get();
  if (const auto* read = dynamic_cast<const Read*>(node.op.get())) return read->trace.get();
  if (const auto* assigned = dynamic_cast<const Assigned*>(node.op.get())) return assigned->trace.get();
  return nullptr;
}

void require_values(const Tensors& tensors, std::string_view who) {
  for (const Node* node : topological_order(tensors)) {
    if (node->inputs.size() > 1) continue;
    const detail::Trace* trace = trace_of(*node);
    if (trace == nullptr) continue;
    if (trace->ended) {
      throw Error(
          fmt::format("[{}] a tensor of {} has no value outside of it: got one that depends on {} {}; "
                      "return what you need from there instead of keeping its tensors",
                      who, trace->text(), node->op->name(), node->outputs.front().text()));
    }
    throw Error(
        fmt::format("[{}] in {} there are no values yet, it only records what will be computed: got a "
                    "tensor that depends on {} {}; choose with where(), loop with scan(), or return "
                    "the tensor and look at it outside",
                    who, trace->text(), node->op->name(), node->outputs.front().text()));
  }
}

}  // namespace sluice
