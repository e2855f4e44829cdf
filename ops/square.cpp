#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/square.h>
#include <sluice/ops/wrapping.h>

#include <concepts>

namespace sluice {

namespace {

class Square final : public Elementwise<Square, 1> {
 public:
  static constexpr std::string_view id = "square";
  static constexpr Domain domain = Domain::numeric;
  bool may_throw(std::span<const Spec>) const override { return false; }

  static std::int32_t value(std::int32_t x) { return detail::wrapping_multiply(x, x); }

  template <std::floating_point T>
  static void loop(const T* x, T* y, std::size_t n) {
    kernels::square(x, y, n);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override { return {2 * dy * y.input(0)}; }
};

}  // namespace

Tensor square(const Operand& x) { return make<Square>(x); }

}  // namespace sluice
