#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/multiply_no_nan.h>
#include <sluice/ops/wrapping.h>

#include <concepts>

namespace sluice {

namespace {

class Multiply final : public Elementwise<Multiply, 2> {
 public:
  static constexpr std::string_view id = "multiply";
  static constexpr Domain domain = Domain::numeric;
  bool may_throw(std::span<const Spec>) const override { return false; }

  static std::int32_t value(std::int32_t a, std::int32_t b) { return detail::wrapping_multiply(a, b); }

  template <std::floating_point T>
  static void loop(const T* a, Index stride_a, const T* b, Index stride_b, T* y, std::size_t n) {
    kernels::multiply(a, stride_a, b, stride_b, y, n);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    return {dy * y.input(1), dy * y.input(0)};
  }

  Tensor keeping_zeros(const Tensors& inputs, std::size_t i) const override {
    return multiply_no_nan(inputs[1 - i], inputs[i]);
  }
};

}  // namespace

bool detail::is_multiply(const Op& op) { return dynamic_cast<const Multiply*>(&op) != nullptr; }

Tensor operator*(const Operand& a, const Operand& b) { return make<Multiply>(a, b); }

}  // namespace sluice
