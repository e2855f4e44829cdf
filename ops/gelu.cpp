#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/erf.h>
#include <sluice/ops/exp.h>
#include <sluice/ops/gelu.h>
#include <sluice/ops/multiply_no_nan.h>
#include <sluice/ops/square.h>
#include <sluice/ops/tanh.h>

namespace sluice {

namespace {

constexpr double sqrt_half = 0.70710678118654752;
constexpr double one_over_sqrt_two_pi = 0.39894228040143268;
constexpr double sqrt_two_over_pi = 0.79788456080286536;
constexpr double cubic = 0.044715;

class Gelu final : public Elementwise<Gelu, 1> {
 public:
  static constexpr std::string_view id = "gelu";
  bool may_throw(std::span<const Spec>) const override { return false; }

  /// erfc is accurate in the left tail, where 1 + erf would cancel.
  template <class T>
  static T value(T x) {
    const T below = std::erfc(x * static_cast<T>(-sqrt_half)) / 2;
    return below == 0 ? 0 : x * below;
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Tensor& x = y.input(0);
    const Tensor below = 0.5 * (1 + erf(sqrt_half * x));
    const Tensor density = one_over_sqrt_two_pi * exp(-0.5 * square(x));
    return {dy * (below + multiply_no_nan(x, density))};
  }
};

class GeluTanh final : public Elementwise<GeluTanh, 1> {
 public:
  static constexpr std::string_view id = "gelu_tanh";
  bool may_throw(std::span<const Spec>) const override { return false; }

  static double value(double x) {
    const double below = (1 + std::tanh(sqrt_two_over_pi * (x + cubic * x * x * x))) / 2;
    return below == 0 ? 0 : x * below;
  }

  static void loop(const float* x, float* y, std::size_t n) { kernels::gelu_tanh(x, y, n); }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Tensor& x = y.input(0);
    const Tensor t = tanh(sqrt_two_over_pi * (x + cubic * x * square(x)));
    const Tensor slope = sqrt_two_over_pi * (1 + 3 * cubic * square(x));
    return {dy * 0.5 * (1 + t + multiply_no_nan(x * slope, 1 - square(t)))};
  }
};

}  // namespace

Tensor gelu(const Operand& x, GeluForm form) {
  return form == GeluForm::exact ? make<Gelu>(x) : make<GeluTanh>(x);
}

}  // namespace sluice
