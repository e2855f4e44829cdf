#include <sluice/ops/axes.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/split.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

namespace sluice {

Tensors split(const Operand& x, const std::vector<Index>& sizes, Index axis) {
  const Tensor tensor = x.tensor();
  return detail::located(x.where(), [&] {
    const Index normal = normal_axis(axis, tensor.rank(), "split");
    const Index length = tensor.shape()[normal];
    const bool negative = std::any_of(sizes.begin(), sizes.end(), [](Index size) { return size < 0; });
    if (negative || std::accumulate(sizes.begin(), sizes.end(), Index{0}) != length) {
      throw ShapeError(fmt::format("[split] the sizes must add up to the length of axis {}: got {} for {}",
                                   normal, sizes, tensor.shape().text()));
    }
    Tensors parts;
    Index begin = 0;
    for (const Index size : sizes) {
      parts.push_back(slice(x, normal, begin, begin + size));
      begin += size;
    }
    return parts;
  });
}

Tensors detail::split_evenly(const Operand& x, Index parts, Index axis) {
  const Tensor tensor = x.tensor();
  return located(x.where(), [&] {
    const Index length = tensor.shape()[normal_axis(axis, tensor.rank(), "split")];
    if (parts < 1 || length % parts != 0) {
      throw ShapeError(
          fmt::format("[split] the length of axis {} must be a multiple of the parts: got {} parts of {}; "
                      "give the sizes",
                      axis, parts, tensor.shape().text()));
    }
    return split(x, std::vector<Index>(static_cast<std::size_t>(parts), length / parts), axis);
  });
}

}  // namespace sluice
