#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/abs.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/sign.h>
#include <sluice/ops/wrapping.h>

#include <concepts>

namespace sluice {

namespace {

class Abs final : public Elementwise<Abs, 1> {
 public:
  static constexpr std::string_view id = "abs";
  static constexpr Domain domain = Domain::numeric;
  bool may_throw(std::span<const Spec>) const override { return false; }

  static std::int32_t value(std::int32_t x) { return x < 0 ? detail::wrapping_subtract(0, x) : x; }

  template <std::floating_point T>
  static void loop(const T* x, T* y, std::size_t n) {
    kernels::abs(x, y, n);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override { return {dy * sign(y.input(0))}; }
};

}  // namespace

Tensor abs(const Operand& x) { return make<Abs>(x); }

}  // namespace sluice
