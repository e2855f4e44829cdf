#pragma once

#include <sluice/graph/call.h>
#include <sluice/graph/tensor.h>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// The axes to reduce: one number, a list, or all of them (`{}`, the default). Negative axes count from the
/// end. An empty std::vector means no axis at all.
class Axes {
 public:
  Axes() = default;  ///< all axes
  template <std::integral T>
  requires(!std::same_as<T, bool>) Axes(T axis) : axes_{static_cast<Index>(axis)}, all_(false) {}
  Axes(std::initializer_list<Index> axes) : axes_(axes), all_(axes.size() == 0) {}
  Axes(std::vector<Index> axes) : axes_(std::move(axes)), all_(false) {}

  bool all() const { return all_; }
  const std::vector<Index>& list() const { return axes_; }

 private:
  std::vector<Index> axes_;
  bool all_ = true;
};

namespace detail {

/// A set of axes, one bit each. Ops store this form: it is canonical and does not allocate.
using AxisSet = std::uint32_t;

inline bool has_axis(AxisSet set, Index axis) { return ((set >> axis) & 1u) != 0; }

/// The axes as a set for this rank. Throws ShapeError naming `who` for an axis out of range or named twice.
AxisSet axis_set(const Axes& axes, Index rank, std::string_view who);

/// "[0, 2]"
std::string axis_text(AxisSet set);

/// The axes as an attribute of an op.
struct ShownAxes {
  AxisSet set;
  std::string attribute_text() const { return axis_text(set); }
};

/// The shape without the axes of the set or, with `keep`, with length 1 for each.
Shape reduced_shape(const Shape& shape, AxisSet axes, bool keep);

}  // namespace detail

}  // namespace sluice
