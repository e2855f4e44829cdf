#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/wrapping.h>

#include <concepts>

namespace sluice {

namespace {

class Negate final : public Elementwise<Negate, 1> {
 public:
  static constexpr std::string_view id = "negate";
  static constexpr Domain domain = Domain::numeric;
  bool may_throw(std::span<const Spec>) const override { return false; }

  static std::int32_t value(std::int32_t x) { return detail::wrapping_subtract(0, x); }

  template <std::floating_point T>
  static void loop(const T* x, T* y, std::size_t n) {
    kernels::negate(x, y, n);
  }

  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {-dy}; }
};

}  // namespace

bool detail::is_negate(const Op& op) { return dynamic_cast<const Negate*>(&op) != nullptr; }

Tensor operator-(const Operand& x) { return make<Negate>(x); }

}  // namespace sluice
