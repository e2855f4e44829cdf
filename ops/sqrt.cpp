#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/sqrt.h>

#include <concepts>

namespace sluice {

namespace {

class Sqrt final : public Elementwise<Sqrt, 1> {
 public:
  static constexpr std::string_view id = "sqrt";
  bool may_throw(std::span<const Spec>) const override { return false; }

  template <std::floating_point T>
  static void loop(const T* x, T* y, std::size_t n) {
    kernels::sqrt(x, y, n);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override { return {dy / (2 * y)}; }
};

}  // namespace

Tensor sqrt(const Operand& x) { return make<Sqrt>(x); }

}  // namespace sluice
