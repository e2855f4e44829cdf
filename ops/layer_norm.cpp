#include <sluice/graph/arithmetic.h>
#include <sluice/graph/call.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/exp_sums.h>
#include <sluice/ops/layer_norm.h>
#include <sluice/ops/mean.h>
#include <sluice/ops/square.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace sluice {

namespace {

/// Squares below this have lost precision.
template <class T>
constexpr T smallest_variance = std::numeric_limits<T>::min() / std::numeric_limits<T>::epsilon();

/// Outputs: the normalised rows, and for each row the factor s = 1 / sqrt(variance + epsilon), which only the
/// gradient needs.
class LayerNorm final : public Op {
 public:
  explicit LayerNorm(double epsilon) : epsilon_(epsilon) {}
  std::string_view name() const override { return "layer_norm"; }
  Takes takes() const override { return {.operands = 1}; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  void members(Attributes& a) const override { a("epsilon", epsilon_); }

  Specs infer(std::span<const Spec> inputs) const override {
    detail::require_floating(inputs[0], "layer_norm");
    if (inputs[0].shape.rank() == 0) {
      throw ShapeError("[layer_norm] normalises the last axis: got a scalar; reshape it");
    }
    return {inputs[0], {inputs[0].dtype, inputs[0].shape.with(inputs[0].shape.rank() - 1, 1)}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    with_floating(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      const Index n = inputs[0].shape().back();
      T* scales = outputs[1].as<T>();
      if (n == 0 && scales != nullptr) std::fill_n(scales, outputs[1].size(), T{0});  // nothing to scale
      kernels::parallel_for(n == 0 ? 0 : inputs[0].size() / n,
                            std::max<Index>(1, (Index{1} << 14) / std::max<Index>(n, 1)),
                            [&](Index begin, Index end) {
                              for (Index row = begin; row < end; ++row) {
                                const T* x = inputs[0].as<T>() + row * n;
                                T* y = outputs[0].data == nullptr ? nullptr : outputs[0].as<T>() + row * n;
                                const T scale = normalise(x, y, n);
                                if (scales != nullptr) scales[row] = scale;
                              }
                            });
    });
  }

  /// y = (x - mean) s, and s is the second output, so x is not needed: ds/dx = -s^2 y / n.
  Tensors gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>&) const override {
    const Tensor& y = ys[0];
    const Tensor& scale = ys[1];
    Tensor dx;
    if (dys[0].defined()) dx = scale * (dys[0] - mean(dys[0], -1, true) - y * mean(dys[0] * y, -1, true));
    if (dys[1].defined()) {
      const Tensor through_scale = dys[1] * square(scale) * y / static_cast<double>(-y.shape().back());
      dx = dx.defined() ? dx + through_scale : through_scale;
    }
    return {dx};
  }

  bool works_by_rows(std::span<const Spec> inputs, const std::vector<bool>&) const override {
    return inputs[0].shape.rank() > 1;
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    return outputs_of(layer_norm(inputs[0], epsilon_));
  }

 private:
  /// y = (x - mean) s of one row; returns s. Without y, some of the intermediate results at a time go to a
  /// buffer.
  template <class T>
  T normalise(const T* x, T* y, Index n) const {
    constexpr Index room = 256;
    std::array<T, static_cast<std::size_t>(room)> some;
    const T mean = kernels::sum(x, static_cast<std::size_t>(n)) / static_cast<T>(n);
    T squares = 0;
    for (Index begin = 0; begin < n; begin += y == nullptr ? room : n) {
      const Index count = y == nullptr ? std::min(room, n - begin) : n;
      T* to = y == nullptr ? some.data() : y;
      for (Index i = 0; i < count; ++i) to[i] = x[begin + i] - mean;
      squares += kernels::dot(to, to, static_cast<std::size_t>(count));
    }
    const T variance = squares / static_cast<T>(n) + static_cast<T>(epsilon_);
    // The squares overflow, or vanish next to an epsilon of zero.
    if (!(variance < std::numeric_limits<T>::infinity()) || variance < smallest_variance<T>)
      return normalise_in_units(x, y, n);
    const T scale = 1 / std::sqrt(variance);
    if (y != nullptr) {
      for (Index i = 0; i < n; ++i) y[i] *= scale;
    }
    return scale;
  }

  /// The same for a row whose squares leave the range of T: in units of its largest number.
  template <class T>
  T normalise_in_units(const T* x, T* y, Index n) const {
    double unit = 0;
    for (Index i = 0; i < n; ++i) unit = std::max(unit, std::abs(static_cast<double>(x[i])));
    double mean = 0;
    for (Index i = 0; i < n; ++i) mean += x[i] / unit / static_cast<double>(n);
    double squares = 0;
    for (Index i = 0; i < n; ++i) squares += (x[i] / unit - mean) * (x[i] / unit - mean);
    // Between equal numbers there is epsilon alone, which may vanish in these units.
    const double epsilon_unit = squares == 0 ? 1 : unit;
    const double scale =
        1 / std::sqrt(squares / static_cast<double>(n) + epsilon_ / epsilon_unit / epsilon_unit);
    if (y != nullptr) {
      for (Index i = 0; i < n; ++i) y[i] = static_cast<T>((x[i] / unit - mean) * scale);
    }
    return static_cast<T>(scale / epsilon_unit);
  }

  const double epsilon_;
};

}  // namespace

Tensor layer_norm(const Operand& x, double epsilon) {
  if (!(epsilon >= 0) || std::isinf(epsilon)) {
    throw Error(
        fmt::format("[layer_norm] epsilon cannot be negative or infinite: got {}; 1e-5 is usual", epsilon),
        x.where());
  }
  return make(std::make_shared<LayerNorm>(epsilon), {x});
}

Tensor layer_norm(const Operand& x, const Operand& weight, const Operand& bias, double epsilon) {
  const detail::Call call("layer_norm", x.where());
  const Tensor tensor = x.tensor();
  const Tensor scale = weight.tensor(tensor.dtype());
  const Tensor shift = bias.tensor(tensor.dtype());
  const Tensor y = layer_norm(tensor, epsilon);
  const Shape row{tensor.dim(-1)};
  if (!(scale.shape() == row) || !(shift.shape() == row)) {
    throw ShapeError(
        fmt::format("[layer_norm] weight and bias must be vectors as long as the last axis: got {} and {} "
                    "for {}; reshape them",
                    scale.shape().text(), shift.shape().text(), tensor.shape().text()));
  }
  return y * scale + shift;
}

}  // namespace sluice
