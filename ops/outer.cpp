#include <sluice/graph/arithmetic.h>
#include <sluice/graph/call.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/outer.h>

#include <fmt/format.h>

namespace sluice {

Tensor outer(const Operand& a, const Operand& b) {
  const detail::Call call("outer", a.where());
  const Tensor left = a.tensor();
  const Tensor right = b.tensor();
  if (left.rank() == 0 || right.rank() == 0) {
    throw ShapeError(
        fmt::format("[outer] needs vectors, or several on leading axes: got {} and {}; multiply "
                    "by a scalar with *",
                    left.spec().text(), right.spec().text()));
  }
  return expand_dims(left, -1) * expand_dims(right, -2);
}

}  // namespace sluice
