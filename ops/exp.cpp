#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/exp.h>

#include <concepts>

namespace sluice {

namespace {

class Exp final : public Elementwise<Exp, 1> {
 public:
  static constexpr std::string_view id = "exp";
  bool may_throw(std::span<const Spec>) const override { return false; }

  template <std::floating_point T>
  static void loop(const T* x, T* y, std::size_t n) {
    kernels::exp(x, y, n);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override { return {dy * y}; }
};

}  // namespace

Tensor exp(const Operand& x) { return make<Exp>(x); }

}  // namespace sluice
