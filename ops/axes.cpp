#include <sluice/ops/axes.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sluice::detail {

AxisSet axis_set(const Axes& axes, Index rank, std::string_view who) {
  if (axes.all()) return (AxisSet{1} << rank) - 1;
  AxisSet set = 0;
  for (const Index axis : axes.list()) {
    const Index normal = normal_axis(axis, rank, who);
    if (has_axis(set, normal)) {
      throw ShapeError(
          fmt::format("[{}] an axis can be named once only: got axis {} twice in [{}]; leave one out", who,
                      normal, fmt::join(axes.list(), ", ")));
    }
    set |= AxisSet{1} << normal;
  }
  return set;
}

std::string axis_text(AxisSet set) {
  std::vector<Index> axes;
  for (Index axis = 0; axis < Shape::max_rank; ++axis) {
    if (has_axis(set, axis)) axes.push_back(axis);
  }
  return fmt::format("[{}]", fmt::join(axes, ", "));
}

Shape reduced_shape(const Shape& shape, AxisSet axes, bool keep) {
  std::array<Index, Shape::max_rank> dims{};
  std::size_t rank = 0;
  for (Index axis = 0; axis < shape.rank(); ++axis) {
    if (!has_axis(axes, axis)) {
      dims[rank++] = shape[axis];
    } else if (keep) {
      dims[rank++] = 1;
    }
  }
  return Shape(std::span<const Index>(dims.data(), rank));
}

}  // namespace sluice::detail
