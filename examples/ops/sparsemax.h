#pragma once

// Sparsemax: an op along the last axis, whose gradient is made of ops.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/tensor.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/where.h>

#include <algorithm>
#include <limits>

namespace sl = sluice;

/// The point of the probability simplex nearest to x, along the last axis:
///
///     y = argmin_p |p - x|^2 = max(x - tau, 0),  with tau such that sum(y) = 1
///
/// Unlike softmax it gives zeros. x [..., n] is floating-point; n = 0 gives no elements. Gradient: on the
/// support, y > 0, dy minus its mean over the support; zero elsewhere. An element exactly at tau is not in
/// the support. As with softmax, a row with NaN or plus infinity, or of minus infinities only, becomes NaN.
/// Throws ShapeError for a scalar and a dtype that is not floating-point. Martins and Astudillo, "From
/// softmax to sparsemax: a sparse model of attention and multi-label classification", 2016.
sl::Tensor sparsemax(const sl::Operand& x);

class Sparsemax final : public sl::Op {
 public:
  std::string_view name() const override { return "sparsemax"; }
  sl::Takes takes() const override { return {.operands = 1, .domain = sl::Domain::floating}; }

  sl::Specs infer(std::span<const sl::Spec> inputs) const override {
    if (inputs[0].shape.rank() > 0) return {inputs[0]};
    throw sl::ShapeError("[sparsemax] the tensor must have an axis: got a scalar; reshape it to one row");
  }

  void run(std::span<const sl::View> inputs, std::span<const sl::MutableView> outputs) const override {
    const sl::Index n = inputs[0].shape().back();
    if (inputs[0].size() == 0) return;
    sl::with_floating(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      const T* x = inputs[0].as<T>();
      T* y = outputs[0].as<T>();
      // Rows are divided over the threads, some thousand elements at a time.
      sl::kernels::parallel_for(inputs[0].size() / n, std::max<sl::Index>(1, 4096 / n),
                                [&](sl::Index begin, sl::Index end) {
                                  for (sl::Index row = begin; row < end; ++row)
                                    project(x + row * n, y + row * n, n);
                                });
    });
  }

  sl::Tensors gradient(const sl::Tensor& y, const sl::Tensor& dy) const override {
    const sl::Tensor support = y > 0;
    const sl::Tensor total = sum(where(support, dy, 0), -1, true);
    return {where(support, dy - total / sum(cast(support, y.dtype()), -1, true), 0)};
  }
  // The gradient is exactly zero outside of the support.
  bool chooses(std::span<const sl::Spec>) const override { return true; }

  // Answers to the compiler. Axes before the last do not matter, so time may be one of them.
  sl::Tensors at_all_steps(const sl::Tensors& inputs, const std::vector<bool>&) const override {
    return {sparsemax(inputs[0])};
  }
  bool works_by_rows(std::span<const sl::Spec> inputs, const std::vector<bool>&) const override {
    return inputs[0].shape.rank() > 1;
  }
  bool may_throw(std::span<const sl::Spec>) const override { return false; }

 private:
  /// One row, by Newton's method: sum(max(x - tau, 0)) - 1 is convex and made of straight pieces, so tau
  /// grows from below and stops after finitely many steps, most often three to five. No sorting and no
  /// memory. Numbers are taken relative to the largest, which keeps their digits; tau is at least -1 then.
  template <class T>
  static void project(const T* x, T* y, sl::Index n) {
    const T largest = *std::max_element(x, x + n);
    bool valid = true;
    for (sl::Index i = 0; i < n; ++i) {
      y[i] = x[i] - largest;
      valid = valid && y[i] <= 0;  // false for NaN
    }
    if (!valid) return std::fill_n(y, n, std::numeric_limits<T>::quiet_NaN()), void();
    double tau = -1;
    for (double before = -2; tau > before;) {
      double above = 0;
      sl::Index count = 0;
      for (sl::Index i = 0; i < n; ++i) {
        const bool inside = y[i] > tau;
        above += inside ? y[i] : 0;
        count += inside ? 1 : 0;
      }
      before = tau;
      tau = (above - 1) / static_cast<double>(count);
    }
    for (sl::Index i = 0; i < n; ++i) y[i] = std::max(static_cast<T>(y[i] - tau), T{0});
  }
};

inline sl::Tensor sparsemax(const sl::Operand& x) { return sl::make<Sparsemax>(x); }
