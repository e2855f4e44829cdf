#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/expm1.h>

#include <concepts>

namespace sluice {

namespace {

class Expm1 final : public Elementwise<Expm1, 1> {
 public:
  static constexpr std::string_view id = "expm1";
  bool may_throw(std::span<const Spec>) const override { return false; }

  template <std::floating_point T>
  static void loop(const T* x, T* y, std::size_t n) {
    kernels::expm1(x, y, n);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override { return {dy * (y + 1)}; }
};

}  // namespace

Tensor expm1(const Operand& x) { return make<Expm1>(x); }

}  // namespace sluice
