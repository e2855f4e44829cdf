#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/axes.h>
#include <sluice/ops/exp_sums.h>
#include <sluice/ops/layer_norm.h>
#include <sluice/ops/mean.h>
#include <sluice/ops/rsqrt.h>
#include <sluice/ops/square.h>

#include <fmt/format.h>

namespace sluice {

namespace {

class LayerNorm final : public Op {
 public:
  explicit LayerNorm(double epsilon) : epsilon_(epsilon) {}
  std::string_view name() const override { return "layer_norm"; }
  std::string attributes() const override { return fmt::format("epsilon={}", epsilon_); }

  Specs infer(std::span<const Spec> inputs) const override {
    detail::require_floating(inputs[0], "layer_norm");
    if (inputs[0].shape.rank() == 0) {
      throw ShapeError("[layer_norm] normalises the last axis: got a scalar; reshape it");
    }
    return {inputs[0]};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const Shape& shape = inputs[0].shape();
    if (shape.size() == 0) return;
    const Index n = shape.back();
    detail::with_floating(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      const auto count = static_cast<std::size_t>(n);
      const T* x = inputs[0].as<T>();
      T* y = outputs[0].as<T>();
      kernels::parallel_for(shape.size() / n, std::max<Index>(1, (Index{1} << 14) / n),
                            [&](Index begin, Index end) {
                              for (Index row = begin; row < end; ++row) {
                                const T* from = x + row * n;
                                T* to = y + row * n;
                                const T mean = kernels::sum(from, count) / static_cast<T>(n);
                                for (Index i = 0; i < n; ++i) to[i] = from[i] - mean;
                                const T variance = kernels::dot(to, to, count) / static_cast<T>(n);
                                const T scale = 1 / std::sqrt(variance + static_cast<T>(epsilon_));
                                for (Index i = 0; i < n; ++i) to[i] *= scale;
                              }
                            });
    });
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Tensor& x = y.input(0);
    const Tensor scale = rsqrt(mean(square(x - mean(x, -1, true)), -1, true) + epsilon_);
    return {scale * (dy - mean(dy, -1, true) - y * mean(dy * y, -1, true))};
  }

  bool works_by_rows(std::span<const Spec> inputs, const std::vector<bool>&) const override {
    return inputs[0].shape.rank() > 1;
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    return {layer_norm(inputs[0], epsilon_)};
  }

 private:
  const double epsilon_;
};

}  // namespace

Tensor layer_norm(const Operand& x, double epsilon) {
  if (!(epsilon >= 0)) {
    throw Error(fmt::format("[layer_norm] epsilon cannot be negative: got {}; 1e-5 is usual", epsilon),
                x.where());
  }
  return make(std::make_shared<LayerNorm>(epsilon), {x});
}

Tensor layer_norm(const Operand& x, const Operand& weight, const Operand& bias, double epsilon) {
  const Tensor tensor = x.tensor();
  const Tensor scale = weight.tensor(tensor.dtype());
  const Tensor shift = bias.tensor(tensor.dtype());
  const Tensor y = layer_norm(x, epsilon);
  const Shape row{tensor.dim(-1)};
  if (!(scale.shape() == row) || !(shift.shape() == row)) {
    throw ShapeError(
        fmt::format("[layer_norm] weight and bias must be vectors as long as the last axis: got {} and {} "
                    "for {}",
                    scale.shape().text(), shift.shape().text(), tensor.shape().text()),
        x.where());
  }
  return Operand(Operand(y, x.where()) * scale, x.where()) + shift;
}

}  // namespace sluice
