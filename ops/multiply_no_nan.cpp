#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/multiply_no_nan.h>

#include <concepts>

namespace sluice {

namespace {

class MultiplyNoNan final : public Elementwise<MultiplyNoNan, 2> {
 public:
  static constexpr std::string_view id = "multiply_no_nan";
  bool may_throw(std::span<const Spec>) const override { return false; }
  bool chooses(std::span<const Spec>) const override { return true; }

  template <std::floating_point T>
  static void loop(const T* x, Index stride_x, const T* y, Index stride_y, T* product, std::size_t n) {
    kernels::multiply_no_nan(x, stride_x, y, stride_y, product, n);
  }

  Tensors gradient(const Tensor& product, const Tensor& d_product) const override {
    return {multiply_no_nan(d_product, product.input(1)), multiply_no_nan(product.input(0), d_product)};
  }
};

}  // namespace

Tensor multiply_no_nan(const Operand& x, const Operand& y) { return make<MultiplyNoNan>(x, y); }

}  // namespace sluice
