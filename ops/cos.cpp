#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/cos.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/sin.h>

#include <concepts>

namespace sluice {

namespace {

class Cos final : public Elementwise<Cos, 1> {
 public:
  static constexpr std::string_view id = "cos";
  bool may_throw(std::span<const Spec>) const override { return false; }

  template <std::floating_point T>
  static void loop(const T* x, T* y, std::size_t n) {
    kernels::cos(x, y, n);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override { return {-dy * sin(y.input(0))}; }
};

}  // namespace

Tensor cos(const Operand& x) { return make<Cos>(x); }

}  // namespace sluice
