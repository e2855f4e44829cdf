#include <sluice/graph/call.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/stack.h>

#include <fmt/format.h>

namespace sluice {

Tensor stack(const Tensors& tensors, Index axis, Location where) {
  const detail::Call call("stack", where);
  if (tensors.empty()) throw ShapeError("[stack] takes at least one tensor: got none; leave the call out");
  const Index normal = normal_axis(axis, tensors.front().rank() + 1, "stack");
  Tensors rows;
  for (const Tensor& tensor : tensors) {
    if (tensor.spec() != tensors.front().spec()) {
      throw ShapeError(fmt::format(
          "[stack] all tensors must have one shape and dtype: got {} and {}; reshape or cast one of them",
          tensors.front().spec().text(), tensor.spec().text()));
    }
    rows.push_back(expand_dims(tensor, normal));
  }
  return concat(rows, normal);
}

}  // namespace sluice
