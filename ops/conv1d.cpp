#include <sluice/graph/call.h>
#include <sluice/ops/conv1d.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/steps.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/transpose.h>
#include <sluice/ops/conv1d_depthwise.inl>
#include <sluice/ops/conv1d_products.inl>
#include <sluice/ops/run_with_memory.inl>

#include <fmt/format.h>

namespace sluice {

namespace {

using detail::Conv1dSizes;

/// What all three ops know besides the shapes of their operands. `length` is that of axis 0 of the output:
/// steps of y, steps of x, or taps.
struct ConvPlace {
  Index before = 0;
  Index stride = 1;
  Index dilation = 1;
  Index groups = 1;
  Index length = 0;

  void list(Attributes& a) const {
    a("before", before), a("stride", stride), a("dilation", dilation), a("groups", groups);
    a("length", length);
  }
  ConvPlace with_length(Index other) const { return {before, stride, dilation, groups, other}; }
  ConvPlace with_groups(Index other) const { return {before, stride, dilation, other, length}; }

  /// With everything that the shapes of an x (or y, as `channels`) and a w say.
  Conv1dSizes sizes(const Shape& channels, const Shape& w) const {
    Conv1dSizes s;
    s.before = before, s.stride = stride, s.dilation = dilation, s.groups = groups;
    s.batch = channels[1];
    s.taps = w[0], s.in = w[1] * groups, s.out = w[2];
    return s;
  }
};

/// Throws ShapeError unless x, or y of which the channels are `out`, fits w.
void require_conv_operands(const Spec& channels, const Spec& w, Index groups, bool are_out) {
  if (channels.shape.rank() != 3 || w.shape.rank() != 3 || w.shape[0] == 0) {
    throw ShapeError(
        fmt::format("[conv1d] takes x [time, batch, in] and w [taps, in / groups, out] with a tap at least: "
                    "got {} and {}; transpose or reshape them",
                    channels.text(), w.text()));
  }
  if (channels.dtype != w.dtype || !is_floating(channels.dtype)) {
    throw ShapeError(fmt::format("[conv1d] x and w have the same floating dtype: got {} and {}; cast one",
                                 channels.text(), w.text()));
  }
  const Index all = channels.shape[2];
  const bool fits = are_out ? all == w.shape[2] : all % groups == 0 && all / groups == w.shape[1];
  if (fits && w.shape[2] % groups == 0) return;
  throw ShapeError(
      fmt::format("[conv1d] w [taps, in / groups, out] has the channels of a group of x, and out is a "
                  "multiple of the groups: got x {}, w {} and {} groups; make w for these channels",
                  channels.text(), w.text(), groups));
}

Tensor conv_rows(bool transposed, const Tensor& from, const Tensor& w, const ConvPlace& place);
Tensor conv_weight(const Tensor& x, const Tensor& dy, const ConvPlace& place);

/// x [steps, time, batch, channels] with the steps in the axis of the batch, or of the channels.
Tensor steps_as_batch(const Tensor& x) {
  const Shape& s = x.shape();
  return reshape(transpose(x, {1, 0, 2, 3}), Shape{s[1], s[0] * s[2], s[3]});
}
Tensor steps_as_channels(const Tensor& x) {
  const Shape& s = x.shape();
  return reshape(transpose(x, {1, 2, 0, 3}), Shape{s[1], s[2], s[0] * s[3]});
}
Tensor steps_from_batch(const Tensor& y, Index steps) {
  const Shape& s = y.shape();
  const Index batch = steps == 0 ? 0 : s[1] / steps;
  return transpose(reshape(y, Shape{s[0], steps, batch, s[2]}), {1, 0, 2, 3});
}
Tensor steps_from_channels(const Tensor& y, Index steps) {
  const Shape& s = y.shape();
  return transpose(reshape(y, Shape{s[0], s[1], steps, s[2] / steps}), {2, 0, 1, 3});
}

/// The convolution y of x and w or, transposed, the gradient for x of y and w: linear in both operands.
template <bool transposed>
class ConvRowsOp final : public Op {
 public:
  explicit ConvRowsOp(const ConvPlace& place) : place_(place) {}
  std::string_view name() const override { return transposed ? "conv1d_transposed" : "conv1d"; }
  Takes takes() const override { return {.operands = 2, .domain = Domain::floating, .equal_dtypes = true}; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  void members(Attributes& a) const override { place_.list(a); }

  Specs infer(std::span<const Spec> inputs) const override {
    require_conv_operands(inputs[0], inputs[1], place_.groups, transposed);
    const Conv1dSizes s = place_.sizes(inputs[0].shape, inputs[1].shape);
    return {{inputs[0].dtype, {place_.length, s.batch, transposed ? s.in : s.out}}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    detail::run_with_memory(*this, inputs, outputs);
  }

  void run_in(const WorkMemory& memory, std::span<const View> inputs,
              std::span<const MutableView> outputs) const override {
    const Conv1dSizes s = sizes(inputs[0].shape(), inputs[1].shape());
    if (outputs[0].size() == 0) return;
    with_floating(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      const T* from = inputs[0].as<T>();
      const T* w = inputs[1].as<T>();
      T* to = outputs[0].as<T>();
      if (s.is_depthwise()) return detail::convolve_channels(s, transposed, from, w, to);
      detail::ConvRows<T>(s, transposed, from, w, to, memory.data, memory.workers).run();
    });
  }

  std::size_t work_bytes(std::span<const Spec> inputs, int workers) const override {
    const Conv1dSizes s = sizes(inputs[0].shape, inputs[1].shape);
    if (s.is_depthwise()) return 0;
    return static_cast<std::size_t>(inputs[0].dtype == DType::float64
                                        ? detail::ConvMemory<double>(s, transposed, workers).bytes
                                        : detail::ConvMemory<float>(s, transposed, workers).bytes);
  }

  Tensors gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>& wanted) const override {
    const Tensor& from = ys[0].input(0);
    const Tensor& w = ys[0].input(1);
    const ConvPlace taps = place_.with_length(w.dim(0));
    Tensor dfrom;
    Tensor dw;
    if (wanted[0]) dfrom = conv_rows(!transposed, dys[0], w, place_.with_length(from.dim(0)));
    if (wanted[1]) dw = transposed ? conv_weight(dys[0], from, taps) : conv_weight(from, dys[0], taps);
    return {dfrom, dw};
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>& over_time) const override {
    const Index steps = detail::steps_of(inputs, over_time);
    if (steps == 0) return {};
    if (!over_time[1])
      return {steps_from_batch(conv_rows(transposed, steps_as_batch(inputs[0]), inputs[1], place_), steps)};
    // Each step has taps of its own: a group of channels that hears none of the others.
    const Tensors all = detail::all_over_time(inputs, over_time);
    const Tensor w = steps_as_channels(all[1]);
    return {steps_from_channels(
        conv_rows(transposed, steps_as_channels(all[0]), w, place_.with_groups(steps * place_.groups)),
        steps)};
  }

  Tensor sum_over_steps(const Tensors& inputs, const std::vector<bool>& over_time) const override {
    if (over_time[0] && over_time[1]) return {};
    const auto total = [&](std::size_t i) { return over_time[i] ? sum(inputs[i], 0) : inputs[i]; };
    return conv_rows(transposed, total(0), total(1), place_);
  }

 private:
  Conv1dSizes sizes(const Shape& from, const Shape& w) const {
    Conv1dSizes s = place_.sizes(from, w);
    s.x_time = transposed ? place_.length : from[0];
    s.y_time = transposed ? from[0] : place_.length;
    return s;
  }

  const ConvPlace place_;
};

/// The gradient for w, of x and dy: linear in both operands.
class ConvWeightOp final : public Op {
 public:
  explicit ConvWeightOp(const ConvPlace& place) : place_(place) {}
  std::string_view name() const override { return "conv1d_weight"; }
  Takes takes() const override { return {.operands = 2, .domain = Domain::floating, .equal_dtypes = true}; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  void members(Attributes& a) const override { place_.list(a); }

  Specs infer(std::span<const Spec> inputs) const override {
    const Shape& x = inputs[0].shape;
    const Shape& dy = inputs[1].shape;
    if (x.rank() == 3 && dy.rank() == 3 && x[1] == dy[1] && x[2] % place_.groups == 0 &&
        dy[2] % place_.groups == 0)
      return {{inputs[0].dtype, weight(x, dy)}};
    throw ShapeError(fmt::format(
        "[conv1d_weight] takes x [time, batch, in] and dy [time', batch, out], whose channels are "
        "multiples of the groups: got {} and {} with {} groups; reshape them",
        inputs[0].text(), inputs[1].text(), place_.groups));
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    detail::run_with_memory(*this, inputs, outputs);
  }

  void run_in(const WorkMemory& memory, std::span<const View> inputs,
              std::span<const MutableView> outputs) const override {
    const Conv1dSizes s = sizes(inputs[0].shape(), inputs[1].shape());
    if (outputs[0].size() == 0) return;
    with_floating(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      const T* x = inputs[0].as<T>();
      const T* dy = inputs[1].as<T>();
      T* dw = outputs[0].as<T>();
      if (s.is_depthwise()) return detail::weigh_channels(s, x, dy, dw);
      detail::ConvWeight<T>(s, memory.workers).run(x, dy, dw, memory.data);
    });
  }

  std::size_t work_bytes(std::span<const Spec> inputs, int workers) const override {
    const Conv1dSizes s = sizes(inputs[0].shape, inputs[1].shape);
    if (s.is_depthwise()) return 0;
    return static_cast<std::size_t>(inputs[0].dtype == DType::float64
                                        ? detail::ConvWeight<double>(s, workers).bytes()
                                        : detail::ConvWeight<float>(s, workers).bytes());
  }

  Tensors gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>& wanted) const override {
    const Tensor& x = ys[0].input(0);
    const Tensor& dy = ys[0].input(1);
    Tensor for_x;
    Tensor for_dy;
    if (wanted[0]) for_x = conv_rows(true, dy, dys[0], place_.with_length(x.dim(0)));
    if (wanted[1]) for_dy = conv_rows(false, x, dys[0], place_.with_length(dy.dim(0)));
    return {for_x, for_dy};
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>& over_time) const override {
    const Index steps = detail::steps_of(inputs, over_time);
    if (steps == 0) return {};
    const Tensors all = detail::all_over_time(inputs, over_time);
    const Tensor w = conv_weight(steps_as_channels(all[0]), steps_as_channels(all[1]),
                                 place_.with_groups(steps * place_.groups));
    return {steps_from_channels(w, steps)};
  }

  Tensor sum_over_steps(const Tensors& inputs, const std::vector<bool>& over_time) const override {
    if (over_time[0] && over_time[1])
      return conv_weight(steps_as_batch(inputs[0]), steps_as_batch(inputs[1]), place_);
    const auto total = [&](std::size_t i) { return over_time[i] ? sum(inputs[i], 0) : inputs[i]; };
    return conv_weight(total(0), total(1), place_);
  }

 private:
  Shape weight(const Shape& x, const Shape& dy) const { return {place_.length, x[2] / place_.groups, dy[2]}; }
  Conv1dSizes sizes(const Shape& x, const Shape& dy) const {
    Conv1dSizes s = place_.sizes(x, weight(x, dy));
    s.x_time = x[0], s.y_time = dy[0];
    return s;
  }

  const ConvPlace place_;
};

Tensor conv_rows(bool transposed, const Tensor& from, const Tensor& w, const ConvPlace& place) {
  if (transposed) return make(std::make_shared<ConvRowsOp<true>>(place), {from, w});
  return make(std::make_shared<ConvRowsOp<false>>(place), {from, w});
}

Tensor conv_weight(const Tensor& x, const Tensor& dy, const ConvPlace& place) {
  return make(std::make_shared<ConvWeightOp>(place), {x, dy});
}

void require_conv_options(const Conv1dOptions& options) {
  constexpr Index most = Index{1} << 24;
  for (const Index number : {options.stride, options.dilation, options.groups}) {
    if (number >= 1 && number <= most) continue;
    throw Error(
        fmt::format("[conv1d] stride, dilation and groups are from 1 to 2^24: got {}, {} and {}; 1 is usual",
                    options.stride, options.dilation, options.groups));
  }
  if (options.padding == ConvPadding::same && options.stride > 1) {
    throw Error(
        fmt::format("[conv1d] as many outputs as steps have no stride: got ConvPadding::same with stride {}; "
                    "choose causal or valid",
                    options.stride));
  }
}

/// The steps from the first tap to the last. Throws ShapeError for more than an axis may have.
Index conv_span(Index taps, const Conv1dOptions& options) {
  constexpr Index most = Index{1} << 48;
  if (taps - 1 > most / options.dilation) {
    throw ShapeError(
        fmt::format("[conv1d] the taps reach over at most 2^48 steps: got {} taps and dilation {}; "
                    "pass fewer",
                    taps, options.dilation));
  }
  return (taps - 1) * options.dilation + 1;
}

}  // namespace

Index conv1d_time(Index time, Index taps, const Conv1dOptions& options, Location where) {
  const detail::Call call("conv1d_time", where);
  require_conv_options(options);
  if (time < 0 || taps < 1) {
    throw Error(
        fmt::format("[conv1d_time] time is not negative and there is a tap at least: got {} steps and "
                    "{} taps; pass the lengths of the first axes",
                    time, taps));
  }
  if (options.padding != ConvPadding::valid) return detail::conv_ceil_divide(time, options.stride);
  const Index span = conv_span(taps, options);
  return time < span ? 0 : (time - span) / options.stride + 1;
}

Tensor conv1d(const Operand& x, const Operand& w, const Conv1dOptions& options) {
  const detail::Call call("conv1d", x.where());
  require_conv_options(options);
  const Tensor from = x.tensor();
  const Tensor weight = w.tensor(from.dtype());
  require_conv_operands(from.spec(), weight.spec(), options.groups, false);
  const Index taps = weight.dim(0);
  const Index span = conv_span(taps, options);
  ConvPlace place{0, options.stride, options.dilation, options.groups,
                  conv1d_time(from.dim(0), taps, options)};
  if (options.padding == ConvPadding::causal) place.before = span - 1;
  if (options.padding == ConvPadding::same) place.before = (span - 1) / 2;
  return make(std::make_shared<ConvRowsOp<false>>(place), {from, weight}, x.where());
}

}  // namespace sluice
