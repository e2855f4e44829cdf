#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/wrapping.h>

#include <concepts>

namespace sluice {

namespace {

class Subtract final : public Elementwise<Subtract, 2> {
 public:
  static constexpr std::string_view id = "subtract";
  static constexpr Domain domain = Domain::numeric;
  bool may_throw(std::span<const Spec>) const override { return false; }

  static std::int32_t value(std::int32_t a, std::int32_t b) { return detail::wrapping_subtract(a, b); }

  template <std::floating_point T>
  static void loop(const T* a, Index stride_a, const T* b, Index stride_b, T* y, std::size_t n) {
    kernels::subtract(a, stride_a, b, stride_b, y, n);
  }

  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {dy, -dy}; }
};

}  // namespace

bool detail::is_subtract(const Op& op) { return dynamic_cast<const Subtract*>(&op) != nullptr; }

Tensor operator-(const Operand& a, const Operand& b) { return make<Subtract>(a, b); }

}  // namespace sluice
