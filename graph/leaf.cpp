#include <sluice/graph/leaf.h>
#include <sluice/graph/tensor.h>

#include <cstring>

namespace sluice {

void Leaf::run(std::span<const View>, std::span<const MutableView> outputs) const {
  if (spec_.bytes() > 0) std::memcpy(outputs[0].data, data(), spec_.bytes());  // an empty array has no memory
}

void Constant::members(Attributes& a) const {
  constexpr Index shown = 8;
  if (value.shape().size() > shown) return a("size", value.shape().size());
  for (Index i = 0; i < value.shape().size(); ++i) {
    if (value.dtype() == DType::float32) {
      a({}, static_cast<float>(value.element(i)));
    } else {
      a({}, value.element(i));
    }
  }
}

const Leaf* leaf_of(const Node& node) {
  return node.inputs.empty() ? dynamic_cast<const Leaf*>(node.op.get()) : nullptr;
}

Variable variable_read_by(const Node& node) {
  if (!node.inputs.empty()) return {};
  if (const auto* read = dynamic_cast<const Read*>(node.op.get())) return detail::Slot::variable(read->slot);
  if (const auto* version = dynamic_cast<const Version*>(node.op.get()))
    return detail::Slot::variable(version->slot);
  return {};
}

}  // namespace sluice
