#include <sluice/graph/call.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/split.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

namespace sluice {

Tensors split(const Operand& x, const std::vector<Index>& sizes, Index axis) {
  const detail::Call call("split", x.where());
  const Tensor tensor = x.tensor();
  const Index normal = normal_axis(axis, tensor.rank(), "split");
  const Index length = tensor.shape()[normal];
  const bool outside =
      std::any_of(sizes.begin(), sizes.end(), [&](Index size) { return size < 0 || size > length; });
  if (outside || std::accumulate(sizes.begin(), sizes.end(), Index{0}) != length) {
    throw ShapeError(fmt::format(
        "[split] the sizes must add up to the length of axis {}: got {} for {}; give one for each part",
        normal, sizes, tensor.shape().text()));
  }
  Tensors parts;
  Index begin = 0;
  for (const Index size : sizes) {
    parts.push_back(slice(tensor, normal, begin, begin + size));
    begin += size;
  }
  return parts;
}

Tensors detail::split_evenly(const Operand& x, Index parts, Index axis) {
  const detail::Call call("split", x.where());
  const Tensor tensor = x.tensor();
  const Index length = tensor.shape()[normal_axis(axis, tensor.rank(), "split")];
  constexpr Index most_empty = 1 << 16;  // parts of an axis of length 0, which would divide into any number
  if (parts < 1 || parts > std::max(length, most_empty) || length % parts != 0) {
    throw ShapeError(
        fmt::format("[split] the length of axis {} must be a multiple of the parts: got {} parts of {}; "
                    "give the sizes",
                    axis, parts, tensor.shape().text()));
  }
  return split(tensor, std::vector<Index>(static_cast<std::size_t>(parts), length / parts), axis);
}

}  // namespace sluice
