#include <sluice/graph/call.h>
#include <sluice/ops/broadcast_to.h>
#include <sluice/ops/repeat.h>
#include <sluice/ops/reshape.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace sluice {

namespace {

/// x with its blocks, each of all elements on the axes from `inner` on, `times` times in a row, which makes
/// `axis` as many times longer.
Tensor with_copies(const Tensor& x, Index inner, Index times, Index axis) {
  const Shape& shape = x.shape();
  const Index length = Shape{shape[axis], times}.size();  // refuses what is too long
  Index blocks = 1;
  Index block = 1;
  for (Index i = 0; i < shape.rank(); ++i) (i < inner ? blocks : block) *= shape[i];
  const Tensor copies = broadcast_to(reshape(x, {blocks, 1, block}), {blocks, times, block});
  return reshape(copies, shape.with(axis, length));
}

}  // namespace

Tensor repeat(const Operand& x, Index times, Index axis) {
  const detail::Call call("repeat", x.where());
  const Tensor tensor = x.tensor();
  const Index normal = normal_axis(axis, tensor.rank(), "repeat");
  if (times < 0) {
    throw ShapeError(
        fmt::format("[repeat] the number of times cannot be negative: got {}; give 0 or more", times));
  }
  return with_copies(tensor, normal + 1, times, normal);
}

Tensor tile(const Operand& x, const std::vector<Index>& times) {
  const detail::Call call("tile", x.where());
  Tensor y = x.tensor();
  if (std::any_of(times.begin(), times.end(), [](Index n) { return n < 0; })) {
    throw ShapeError(
        fmt::format("[tile] the numbers of times cannot be negative: got {}; give 0 or more", times));
  }
  while (y.rank() < static_cast<Index>(times.size())) y = reshape(y, y.shape().inserted(0, 1));
  // From the last axis to the first, so that most copies are made of the most that is contiguous.
  Index axis = y.rank();
  for (auto n = times.rbegin(); n != times.rend(); ++n) {
    --axis;
    if (*n != 1) y = with_copies(y, axis, *n, axis);
  }
  return y;
}

}  // namespace sluice
