#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/divide_keep_zeros.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/multiply_no_nan.h>

#include <concepts>

namespace sluice {

namespace {

class DivideKeepZeros final : public Elementwise<DivideKeepZeros, 2> {
 public:
  static constexpr std::string_view id = "divide_keep_zeros";
  bool may_throw(std::span<const Spec>) const override { return false; }

  template <std::floating_point T>
  static void loop(const T* x, Index stride_x, const T* y, Index stride_y, T* quotient, std::size_t n) {
    kernels::divide_keep_zeros(x, stride_x, y, stride_y, quotient, n);
  }

  Tensors gradient(const Tensor& z, const Tensor& dz) const override {
    const Tensor& y = z.input(1);
    return {detail::divide_keep_zeros(dz, y), -detail::divide_keep_zeros(multiply_no_nan(dz, z), y)};
  }
};

}  // namespace

Tensor detail::divide_keep_zeros(const Operand& x, const Operand& y) { return make<DivideKeepZeros>(x, y); }

}  // namespace sluice
