#include <sluice/ops/axes.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/stack.h>

#include <fmt/format.h>

namespace sluice {

Tensor stack(const Tensors& tensors, Index axis, Location where) {
  return detail::located(where, [&] {
    if (tensors.empty()) throw ShapeError("[stack] needs at least one tensor: got none");
    const Index normal = normal_axis(axis, tensors.front().rank() + 1, "stack");
    Tensors rows;
    for (const Tensor& tensor : tensors) {
      if (tensor.spec() != tensors.front().spec()) {
        throw ShapeError(fmt::format("[stack] all tensors must have one shape and dtype: got {} and {}",
                                     tensors.front().spec().text(), tensor.spec().text()));
      }
      rows.push_back(expand_dims(Operand(tensor, where), normal));
    }
    return concat(rows, normal, where);
  });
}

}  // namespace sluice
