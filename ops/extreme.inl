#pragma once

#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/reduce.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/sum.h>

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace sluice::detail {

template <class T, bool largest>
struct ExtremeFold {
  T start() const {
    using Limits = std::numeric_limits<T>;
    if constexpr (Limits::has_infinity) return largest ? -Limits::infinity() : Limits::infinity();
    return largest ? Limits::lowest() : Limits::max();
  }
  T of(const T* x, Index n) const {
    if constexpr (largest && std::is_floating_point_v<T>) {
      return kernels::max(x, static_cast<std::size_t>(n));
    } else {
      T best = start();
      for (Index i = 0; i < n; ++i) best = combine(best, x[i]);
      return best;
    }
  }
  void into(T* y, const T* x, Index n) const {
    for (Index i = 0; i < n; ++i) y[i] = combine(y[i], x[i]);
  }
  T combine(T a, T b) const { return (largest ? b > a : b < a) || is_nan(b) ? b : a; }

  static bool is_nan(T x) {
    if constexpr (std::is_floating_point_v<T>) return std::isnan(x);
    return false;
  }
};

/// The common part of max and min.
template <bool largest>
class Extreme final : public Op {
 public:
  Extreme(AxisSet axes, bool keep) : axes_(axes), keep_(keep) {}
  std::string_view name() const override { return largest ? "max" : "min"; }
  Takes takes() const override { return {.operands = 1}; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  bool chooses(std::span<const Spec>) const override { return true; }
  void members(Attributes& a) const override { a("axes", ShownAxes{axes_}), a("keep", keep_); }

  Specs infer(std::span<const Spec> inputs) const override {
    const Spec& x = inputs[0];
    if (x.dtype == DType::boolean) {
      throw ShapeError(fmt::format("[{}] needs numbers: got {}; cast it to i32", name(), x.text()));
    }
    const Shape result = reduced_shape(x.shape, axes_, keep_);
    if (x.shape.size() == 0 && result.size() > 0) {
      throw ShapeError(
          fmt::format("[{}] no elements have no {} one: got {} to reduce over axes {}; give it at least one",
                      name(), largest ? "largest" : "smallest", x.text(), axis_text(axes_)));
    }
    return {{x.dtype, result}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    with_type(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      if constexpr (!std::is_same_v<T, bool>) {
        reduce(inputs[0].shape(), axes_, inputs[0].as<T>(), outputs[0].as<T>(), ExtremeFold<T, largest>());
      }
    });
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Tensor& x = y.input(0);
    const Shape kept = reduced_shape(x.shape(), axes_, true);
    const Tensor chosen = cast(equal(x, reshape(y, kept)), x.dtype());
    const Tensor count = sum(chosen, all_of(axes_), true);
    return {chosen * (reshape(dy, kept) / count)};
  }

  bool works_by_rows(std::span<const Spec> inputs, const std::vector<bool>&) const override {
    return inputs[0].shape.rank() > 0 && !has_axis(axes_, 0);
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    return {make(std::make_shared<Extreme>(axes_ << 1, keep_), {inputs[0]})};
  }

 private:
  static Axes all_of(AxisSet set) {
    std::vector<Index> axes;
    for (Index axis = 0; axis < Shape::max_rank; ++axis) {
      if (has_axis(set, axis)) axes.push_back(axis);
    }
    return axes;
  }

  const AxisSet axes_;
  const bool keep_;
};

template <bool largest>
Tensor extreme(const Operand& x, const Axes& axes, bool keep) {
  const char* who = largest ? "max" : "min";
  const Call call(who, x.where());
  const Tensor tensor = x.tensor();
  const AxisSet set = axis_set(axes, tensor.rank(), who);
  return make(std::make_shared<Extreme<largest>>(set, keep), {tensor}, x.where());
}

}  // namespace sluice::detail
