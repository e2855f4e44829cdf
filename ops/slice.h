#pragma once

#include <sluice/graph/tensor.h>

#include <limits>
#include <string>

namespace sluice {

/// begin, begin + step, ... up to but not including end. As in NumPy, negative indices count from the end of
/// the axis and indices beyond it are clipped.
struct Range {
  static constexpr Index to_end = std::numeric_limits<Index>::max();
  Index begin = 0;
  Index end = to_end;
  Index step = 1;

  /// "0:4", with a step other than 1 "0:4:2".
  std::string attribute_text() const;
};

/// Part of a tensor: x[begin:end:step] along an axis. Returns x itself if that is all of it. Any dtype.
/// Gradient: dy at the same indices among zeros. Throws ShapeError for an axis out of range or a step below 1
/// (use flip to go backwards).
Tensor slice(const Operand& x, Index axis, Index begin, Index end = Range::to_end, Index step = 1);

/// The same for several leading axes at once: slice(x, {{0, 2}, {1}}) is x[0:2, 1:].
Tensor slice(const Operand& x, const std::vector<Range>& ranges);

}  // namespace sluice
