#include <sluice/compile/zero.h>
#include <sluice/graph/leaf.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/scan_op.h>

#include <cmath>

namespace sluice {

bool is_zero(const Tensor& t) {
  if (!detail::is_broadcast_to(t.op())) return false;
  const auto* constant = dynamic_cast<const Constant*>(&t.input(0).op());
  if (constant == nullptr || t.input(0).size() != 1 || !is_floating(t.dtype())) return false;
  const double value = t.input(0).item();
  return value == 0 && !std::signbit(value);
}

bool begins_with_zero(const Node& node, std::size_t input) {
  const auto* scan = dynamic_cast<const ScanOp*>(node.op.get());
  return scan != nullptr && input < scan->counts().carries && is_zero(node.inputs[input]);
}

}  // namespace sluice
