#include <sluice/graph/call.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/pad.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/strided.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

namespace {

class Pad final : public Op {
 public:
  /// One spread per axis.
  Pad(std::vector<detail::Spread> spreads, double value) : spreads_(std::move(spreads)), value_(value) {}
  std::string_view name() const override { return "pad"; }
  Takes takes() const override { return {.operands = 1}; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  void members(Attributes& a) const override { a({}, spreads_), a("value", value_); }

  Specs infer(std::span<const Spec> inputs) const override {
    Shape shape = inputs[0].shape;
    for (std::size_t i = 0; i < spreads_.size(); ++i) {
      const auto axis = static_cast<Index>(i);
      shape = shape.with(axis, spreads_[i].before + covered(spreads_[i], shape[axis]) + spreads_[i].after);
    }
    return {{inputs[0].dtype, shape}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const DType dtype = inputs[0].spec.dtype;
    with_type(dtype, [&](auto type) {
      using T = decltype(type);
      std::fill_n(outputs[0].as<T>(), outputs[0].size(), static_cast<T>(value_));
    });
    if (inputs[0].size() == 0) return;
    detail::Strides to = detail::dense_strides(outputs[0].shape());
    Index start = 0;
    for (std::size_t i = 0; i < spreads_.size(); ++i) {
      start += spreads_[i].before * to[i];
      to[i] *= spreads_[i].step;
    }
    detail::copy_strided(inputs[0].shape(), size_of(dtype), inputs[0].data,
                         detail::dense_strides(inputs[0].shape()),
                         detail::advanced(outputs[0].data, start, size_of(dtype)), to);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Shape& x = y.input(0).shape();
    std::vector<Range> ranges;
    for (std::size_t i = 0; i < spreads_.size(); ++i) {
      const Index begin = spreads_[i].before;
      ranges.push_back({begin, begin + covered(spreads_[i], x[static_cast<Index>(i)]), spreads_[i].step});
    }
    return {slice(dy, ranges)};
  }

  const std::vector<detail::Spread>& spreads() const { return spreads_; }
  double value() const { return value_; }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    std::vector<detail::Spread> spreads{detail::Spread{}};
    spreads.insert(spreads.end(), spreads_.begin(), spreads_.end());
    return {detail::pad_spread(inputs[0], spreads, value_)};
  }

  bool only_moves() const override { return value_ == 0; }

 private:
  static Index covered(const detail::Spread& spread, Index length) {
    return length == 0 ? 0 : (length - 1) * spread.step + 1;
  }

  const std::vector<detail::Spread> spreads_;
  const double value_;
};

}  // namespace

std::string detail::Spread::attribute_text() const {
  return fmt::format("{}+{}", before, after) + (step == 1 ? "" : fmt::format("/{}", step));
}

const std::vector<detail::Spread>* detail::zero_paddings(const Op& op) {
  const auto* pad = dynamic_cast<const Pad*>(&op);
  return pad == nullptr || pad->value() != 0 ? nullptr : &pad->spreads();
}

Tensor detail::pad_spread(const Operand& x, const std::vector<Spread>& spreads, double value) {
  return make(std::make_shared<Pad>(spreads, value), {x.tensor()}, x.where());
}

Tensor pad(const Operand& x, const std::vector<Padding>& paddings, double value) {
  const detail::Call call("pad", x.where());
  const Tensor tensor = x.tensor();
  if (static_cast<Index>(paddings.size()) > tensor.rank()) {
    throw ShapeError(fmt::format("[pad] at most one padding per axis: got {} for {}; leave some out",
                                 paddings.size(), tensor.shape().text()));
  }
  require_number(value, tensor.dtype(), "pad", "the value around");
  std::vector<detail::Spread> spreads(static_cast<std::size_t>(tensor.rank()));
  bool adds = false;
  for (std::size_t i = 0; i < paddings.size(); ++i) {
    const Padding& padding = paddings[i];
    if (padding.before < 0 || padding.after < 0) {
      throw ShapeError(
          fmt::format("[pad] a padding cannot be negative: got {} and {} for axis {}; use slice to cut",
                      padding.before, padding.after, i));
    }
    constexpr Index most = Index{1} << 48;  // more than any tensor has, and far from overflow
    if (padding.before > most || padding.after > most) {
      throw ShapeError(
          fmt::format("[pad] a padding is at most 2^48: got {} and {} for axis {}; make it smaller",
                      padding.before, padding.after, i));
    }
    spreads[i] = {padding.before, padding.after, 1};
    adds = adds || padding.before + padding.after > 0;
  }
  // As everywhere, a number combined with i32 must be an integer.
  if (adds) Operand(value).tensor(tensor.dtype());
  return adds ? detail::pad_spread(tensor, spreads, value) : tensor;
}

}  // namespace sluice
