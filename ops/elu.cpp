#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/elu.h>
#include <sluice/ops/exp.h>
#include <sluice/ops/where.h>

namespace sluice {

namespace {

class Elu final : public Elementwise<Elu, 1> {
 public:
  static constexpr std::string_view id = "elu";
  bool may_throw(std::span<const Spec>) const override { return false; }

  explicit Elu(double alpha) : alpha_(alpha) {}

  void members(Attributes& a) const override { a("alpha", alpha_); }

  double value(double x) const { return x <= 0 ? alpha_ * std::expm1(x) : x; }

  void loop(const float* x, float* y, std::size_t n) const {
    kernels::elu(static_cast<float>(alpha_), x, y, n);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Tensor& x = y.input(0);
    const Tensor negative = x <= 0;
    return {where(negative, alpha_ * dy * exp(x), dy)};
  }

 private:
  const double alpha_;
};

}  // namespace

Tensor elu(const Operand& x, double alpha) {
  const Tensor tensor = x.tensor();
  if (is_floating(tensor.dtype())) require_number(alpha, tensor.dtype(), "elu", "the alpha of", x.where());
  return make(std::make_shared<Elu>(alpha), {Operand(tensor, x.where())});
}

}  // namespace sluice
