#include <sluice/graph/call.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/pad.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/strided.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

namespace {

/// The range clipped to the axis, with begin <= end.
Range normal_range(const Range& range, Index length) {
  if (range.step < 1) {
    throw ShapeError(
        fmt::format("[slice] the step must be at least 1: got {}; use flip to go backwards", range.step));
  }
  const auto place = [&](Index at) { return std::clamp<Index>(at < 0 ? at + length : at, 0, length); };
  const Index begin = place(range.begin);
  const Index end = std::max(begin, place(range.end));
  // A step beyond the end is the same as a step to it, and keeps later arithmetic with steps from
  // overflowing.
  return {begin, end, std::min(range.step, std::max<Index>(end - begin, 1))};
}

Index count(const Range& range) { return (range.end - range.begin + range.step - 1) / range.step; }

class Slice final : public Op {
 public:
  /// One normalised range per axis.
  explicit Slice(std::vector<Range> ranges) : ranges_(std::move(ranges)) {}
  std::string_view name() const override { return "slice"; }
  Takes takes() const override { return {.operands = 1}; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  void members(Attributes& a) const override { a({}, ranges_); }

  Specs infer(std::span<const Spec> inputs) const override {
    Shape shape = inputs[0].shape;
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
      const auto axis = static_cast<Index>(i);
      if (axis >= shape.rank() || ranges_[i].end > shape[axis]) {
        throw ShapeError(
            fmt::format("[slice] the range of axis {} must lie inside of it: got {}:{} for {}; "
                        "give one that does",
                        i, ranges_[i].begin, ranges_[i].end, inputs[0].text()));
      }
      shape = shape.with(axis, count(ranges_[i]));
    }
    return {{inputs[0].dtype, shape}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const std::size_t bytes = size_of(inputs[0].spec.dtype);
    detail::Strides from = detail::dense_strides(inputs[0].shape());
    Index start = 0;
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
      start += ranges_[i].begin * from[i];
      from[i] *= ranges_[i].step;
    }
    if (outputs[0].size() == 0) return;
    detail::copy_strided(outputs[0].shape(), bytes, detail::advanced(inputs[0].data, start, bytes), from,
                         outputs[0].data, detail::dense_strides(outputs[0].shape()));
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Shape& shape = y.input(0).shape();
    std::vector<detail::Spread> spreads;
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
      const Index length = shape[static_cast<Index>(i)];
      const Index taken = count(ranges_[i]);
      const Index covered = taken == 0 ? 0 : (taken - 1) * ranges_[i].step + 1;
      spreads.push_back({ranges_[i].begin, length - ranges_[i].begin - covered, ranges_[i].step});
    }
    return {detail::pad_spread(dy, spreads, 0)};
  }

  const std::vector<Range>& ranges() const { return ranges_; }

  bool works_by_rows(std::span<const Spec> inputs, const std::vector<bool>&) const override {
    return ranges_[0].begin == 0 && ranges_[0].step == 1 && ranges_[0].end == inputs[0].shape[0];
  }

  std::optional<Window> window_in_input(const Spec& input) const override {
    detail::Strides strides = detail::dense_strides(input.shape);
    Shape shape = input.shape;
    Index offset = 0;
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
      const auto axis = static_cast<Index>(i);
      // `input` may be a range of rows of the node's input; then it takes all of them.
      shape = shape.with(axis, std::min(count(ranges_[i]), input.shape[axis]));
      offset += ranges_[i].begin * strides[i];
      strides[i] *= ranges_[i].step;
    }
    const auto distance = detail::row_distance(shape, strides);
    return distance ? std::optional(Window{offset, *distance}) : std::nullopt;
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    std::vector<Range> ranges{Range{}};
    ranges.insert(ranges.end(), ranges_.begin(), ranges_.end());
    return {slice(inputs[0], ranges)};
  }

  bool only_moves() const override { return true; }

 private:
  const std::vector<Range> ranges_;
};

}  // namespace

std::string Range::attribute_text() const {
  return fmt::format("{}:{}", begin, end) + (step == 1 ? "" : fmt::format(":{}", step));
}

const std::vector<Range>* detail::slice_ranges(const Op& op) {
  const auto* slice = dynamic_cast<const Slice*>(&op);
  return slice == nullptr ? nullptr : &slice->ranges();
}

Tensor slice(const Operand& x, Index axis, Index begin, Index end, Index step) {
  const detail::Call call("slice", x.where());
  const Tensor tensor = x.tensor();
  const Index normal = normal_axis(axis, tensor.rank(), "slice");
  std::vector<Range> ranges(static_cast<std::size_t>(normal + 1));
  ranges.back() = {begin, end, step};
  return slice(tensor, ranges);
}

Tensor slice(const Operand& x, const std::vector<Range>& ranges) {
  const detail::Call call("slice", x.where());
  const Tensor tensor = x.tensor();
  if (static_cast<Index>(ranges.size()) > tensor.rank()) {
    throw ShapeError(fmt::format("[slice] at most one range per axis: got {} ranges for {}; leave some out",
                                 ranges.size(), tensor.shape().text()));
  }
  std::vector<Range> all = ranges;
  all.resize(static_cast<std::size_t>(tensor.rank()));
  bool whole = true;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Index length = tensor.shape()[static_cast<Index>(i)];
    all[i] = normal_range(all[i], length);
    whole = whole && count(all[i]) == length;
  }
  if (whole) return tensor;
  return make(std::make_shared<Slice>(std::move(all)), {tensor}, x.where());
}

}  // namespace sluice
