#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/leaky_relu.h>
#include <sluice/ops/where.h>

#include <concepts>

namespace sluice {

namespace {

class LeakyRelu final : public Elementwise<LeakyRelu, 1> {
 public:
  static constexpr std::string_view id = "leaky_relu";
  bool may_throw(std::span<const Spec>) const override { return false; }

  explicit LeakyRelu(double slope) : slope_(slope) {}

  void members(Attributes& a) const override { a("slope", slope_); }

  template <std::floating_point T>
  void loop(const T* x, T* y, std::size_t n) const {
    kernels::leaky_relu(static_cast<T>(slope_), x, y, n);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    return {where(y.input(0) > 0, dy, slope_ * dy)};
  }

 private:
  const double slope_;
};

}  // namespace

Tensor leaky_relu(const Operand& x, double slope) {
  const Tensor tensor = x.tensor();
  if (is_floating(tensor.dtype()))
    require_number(slope, tensor.dtype(), "leaky_relu", "the slope of", x.where());
  return make(std::make_shared<LeakyRelu>(slope), {Operand(tensor, x.where())});
}

}  // namespace sluice
