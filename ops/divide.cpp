#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/divide_keep_zeros.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/wrapping.h>

#include <concepts>

namespace sluice {

namespace {

class Divide final : public Elementwise<Divide, 2> {
 public:
  static constexpr std::string_view id = "divide";
  static constexpr Domain domain = Domain::numeric;

  static std::int32_t value(std::int32_t a, std::int32_t b) {
    if (b == 0)
      throw Error("[divide] an integer cannot be divided by 0: got 0; cast to a floating dtype for infinity");
    if (b == -1) return detail::wrapping_subtract(0, a);  // the most negative number cannot be negated
    return a / b;
  }
  bool may_throw(std::span<const Spec> inputs) const override { return inputs[0].dtype == DType::int32; }

  template <std::floating_point T>
  static void loop(const T* a, Index stride_a, const T* b, Index stride_b, T* y, std::size_t n) {
    kernels::divide(a, stride_a, b, stride_b, y, n);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Tensor& b = y.input(1);
    return {dy / b, -dy * y / b};
  }

  Tensor keeping_zeros(const Tensors& inputs, std::size_t i) const override {
    return i == 0 ? detail::divide_keep_zeros(inputs[0], inputs[1]) : Tensor();
  }
};

}  // namespace

bool detail::is_divide(const Op& op) { return dynamic_cast<const Divide*>(&op) != nullptr; }

Tensor operator/(const Operand& a, const Operand& b) { return make<Divide>(a, b); }

}  // namespace sluice
