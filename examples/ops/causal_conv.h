#pragma once

// A long causal convolution over time, each channel with a kernel of its own: two ops, which are each other's
// gradients, and their answers to the compiler.

#include <sluice/graph/tensor.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/sum.h>

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

namespace sl = sluice;

/// y[..., t, c] = sum_k w[k, c] x[..., t - k, c], for k = 0 .. min(t, K - 1): what step t hears of the steps
/// up to it. With `ahead`, x[..., t + k, c]: of those from it on. x [..., T, C] has time before channels and
/// any axes before both; w [K, C] may be longer than T. K = 0 gives zeros. Gradients: the same convolution of
/// dy in the other direction for x, CausalConvKernel for w. Throws ShapeError for x or w of other shapes, and
/// for dtypes that differ or are not floating-point. Romero and others, "CKConv: continuous kernel
/// convolution for sequential data", 2021.
sl::Tensor causal_conv(const sl::Operand& x, const sl::Operand& w, bool ahead = false);

namespace causal {

inline constexpr sl::Index together = 16;  // channels whose sums are in registers at once

/// f(c, width) for blocks of channels; the width of all but the last few is known to the compiler.
template <class F>
void each_block(sl::Index channels, const F& f) {
  sl::Index c = 0;
  for (; c + together <= channels; c += together) f(c, std::integral_constant<sl::Index, together>());
  for (; c < channels; ++c) f(c, std::integral_constant<sl::Index, 1>());
}

/// y[c] += sum_i a[i * step_a + c] b[i * step_b + c]
template <class T>
void add_products(sl::Index count, const T* a, sl::Index step_a, const T* b, sl::Index step_b,
                  sl::Index channels, T* y) {
  each_block(channels, [&](sl::Index c, auto width) {
    T sums[width()] = {};
    for (sl::Index i = 0; i < count; ++i) {
      for (sl::Index j = 0; j < width(); ++j) sums[j] += a[i * step_a + c + j] * b[i * step_b + c + j];
    }
    for (sl::Index j = 0; j < width(); ++j) y[c + j] += sums[j];
  });
}

}  // namespace causal

class CausalConv final : public sl::Op {
 public:
  explicit CausalConv(bool ahead) : ahead_(ahead) {}
  std::string_view name() const override { return "causal_conv"; }
  void members(sl::Attributes& a) const override { a("ahead", ahead_); }
  sl::Takes takes() const override {
    return {.operands = 2, .domain = sl::Domain::floating, .equal_dtypes = true};
  }

  sl::Specs infer(std::span<const sl::Spec> inputs) const override {
    const sl::Shape &x = inputs[0].shape, &w = inputs[1].shape;
    if (x.rank() >= 2 && w.rank() == 2 && x.back() == w.back()) return {inputs[0]};
    throw sl::ShapeError(fmt::format(
        "[causal_conv] x must be [..., time, channels] and the kernel [length, channels]: got {} and {}; "
        "transpose or reshape one of them",
        inputs[0].text(), inputs[1].text()));
  }

  void run(std::span<const sl::View> inputs, std::span<const sl::MutableView> outputs) const override {
    const sl::Index length = inputs[1].shape()[0], channels = inputs[1].shape()[1];
    const sl::Index steps = inputs[0].shape()[inputs[0].shape().rank() - 2];
    if (inputs[0].size() == 0) return;
    sl::with_floating(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      const T* x = inputs[0].as<T>();
      const T* w = inputs[1].as<T>();
      T* y = outputs[0].as<T>();
      const sl::Index rows = inputs[0].size() / channels;
      const sl::Index work = channels * std::max<sl::Index>(1, std::min(length, steps));
      sl::kernels::parallel_for(rows, 1 + 16384 / work, [&](sl::Index begin, sl::Index end) {
        for (sl::Index row = begin; row < end; ++row) {
          const sl::Index t = row % steps;
          std::fill_n(y + row * channels, channels, T{0});
          causal::add_products(std::min(length, ahead_ ? steps - t : t + 1), w, channels, x + row * channels,
                               ahead_ ? channels : -channels, channels, y + row * channels);
        }
      });
    });
  }

  sl::Tensors gradient(const sl::Tensor& y, const sl::Tensor& dy) const override;

  // Answers to the compiler. Axes before time do not matter, so the steps of a loop may be one of them,
  // unless the kernel changes too; and the convolution is linear, so that of a sum is the sum.
  sl::Tensors at_all_steps(const sl::Tensors& inputs, const std::vector<bool>& over_time) const override {
    if (over_time[1]) return {};
    return {causal_conv(inputs[0], inputs[1], ahead_)};
  }
  sl::Tensor sum_over_steps(const sl::Tensors& inputs, const std::vector<bool>& over_time) const override {
    if (over_time[0] && over_time[1]) return {};
    const auto total = [&](std::size_t i) { return over_time[i] ? sum(inputs[i], 0) : inputs[i]; };
    return causal_conv(total(0), total(1), ahead_);
  }
  bool works_by_rows(std::span<const sl::Spec> inputs, const std::vector<bool>& by_rows) const override {
    return inputs[0].shape.rank() > 2 && !by_rows[1];  // rows are sequences; time is not an axis of rows
  }
  bool may_throw(std::span<const sl::Spec>) const override { return false; }

 private:
  const bool ahead_;
};

/// w[k, c] = sum_{...,t} g[..., t, c] x[..., t - k, c], for k = 0 .. length - 1: the gradient of a causal
/// convolution with respect to its kernel. Made by gradients only.
class CausalConvKernel final : public sl::Op {
 public:
  explicit CausalConvKernel(sl::Index length) : length_(length) {}
  std::string_view name() const override { return "causal_conv_kernel"; }
  void members(sl::Attributes& a) const override { a("length", length_); }
  sl::Takes takes() const override {
    return {.operands = 2, .domain = sl::Domain::floating, .equal_dtypes = true};
  }

  sl::Specs infer(std::span<const sl::Spec> inputs) const override {
    return {{inputs[0].dtype, sl::Shape{length_, inputs[0].shape.back()}}};
  }

  void run(std::span<const sl::View> inputs, std::span<const sl::MutableView> outputs) const override {
    const sl::Shape& shape = inputs[0].shape();
    const sl::Index steps = shape[shape.rank() - 2], channels = shape.back(), each = steps * channels;
    sl::with_floating(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      const T* x = inputs[0].as<T>();
      const T* g = inputs[1].as<T>();
      T* w = outputs[0].as<T>();
      // Each row of the kernel is added up in one order, whatever the number of threads.
      sl::kernels::parallel_for(length_, 1 + 16384 / (inputs[0].size() + 1),
                                [&](sl::Index begin, sl::Index end) {
                                  for (sl::Index k = begin; k < end; ++k) {
                                    std::fill_n(w + k * channels, channels, T{0});
                                    for (sl::Index at = 0; k < steps && at < inputs[0].size(); at += each) {
                                      causal::add_products(steps - k, g + at + k * channels, channels, x + at,
                                                           channels, channels, w + k * channels);
                                    }
                                  }
                                });
    });
  }

  sl::Tensors gradient(const sl::Tensor& y, const sl::Tensor& dy) const override {
    return {causal_conv(y.input(1), dy, true), causal_conv(y.input(0), dy)};
  }

  // It adds over all axes but the channels: over the steps of a loop too, if they become one more axis.
  sl::Tensor sum_over_steps(const sl::Tensors& inputs, const std::vector<bool>& over_time) const override {
    const bool both = over_time[0] && over_time[1];
    const auto total = [&](std::size_t i) { return over_time[i] && !both ? sum(inputs[i], 0) : inputs[i]; };
    return sl::make<CausalConvKernel>({total(0), total(1)}, length_);
  }
  bool may_throw(std::span<const sl::Spec>) const override { return false; }

 private:
  const sl::Index length_;
};

inline sl::Tensor causal_conv(const sl::Operand& x, const sl::Operand& w, bool ahead) {
  return sl::make<CausalConv>({x, w}, ahead);
}
inline sl::Tensors CausalConv::gradient(const sl::Tensor& y, const sl::Tensor& dy) const {
  const sl::Tensor &x = y.input(0), &w = y.input(1);
  const sl::Tensor &from = ahead_ ? dy : x, &to = ahead_ ? x : dy;
  return {causal_conv(dy, w, !ahead_), sl::make<CausalConvKernel>({from, to}, w.dim(0))};
}
