#include <sluice/ops/reduce.h>

namespace sluice::detail {

void Walk::add(Index length, Index stride) {
  lengths_[static_cast<std::size_t>(rank_)] = length;
  strides_[static_cast<std::size_t>(rank_)] = stride;
  ++rank_;
  size_ *= length;
}

void Walk::drop_last() {
  --rank_;
  size_ = 1;
  for (Index i = 0; i < rank_; ++i) size_ *= lengths_[static_cast<std::size_t>(i)];
}

Index Walk::offset(Index position) const {
  if (rank_ == 0) return 0;
  Index offset = 0;
  for (Index i = rank_ - 1; i > 0; --i) {
    const auto axis = static_cast<std::size_t>(i);
    offset += position % lengths_[axis] * strides_[axis];
    position /= lengths_[axis];
  }
  return offset + position * strides_[0];
}

ReductionPlan::ReductionPlan(const Shape& shape, AxisSet reduced) {
  Index stride = shape.size();
  Index length = 1;  // of the current group
  bool is_taken = false;
  const auto close = [&] {
    if (length != 1) (is_taken ? taken : kept).add(length, stride);
  };
  for (Index axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == 1) continue;
    const bool takes = has_axis(reduced, axis);
    if (takes != is_taken) {
      close();
      length = 1;
      is_taken = takes;
    }
    length *= shape[axis];
    if (shape[axis] > 0) stride /= shape[axis];
  }
  close();
  inner_is_taken = is_taken || kept.empty();
  Walk& innermost = inner_is_taken ? taken : kept;
  if (!innermost.empty()) {
    inner = innermost.last_length();
    innermost.drop_last();
  }
}

}  // namespace sluice::detail
