#include <sluice/kernels/vector_math.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/relu.h>
#include <sluice/ops/where.h>

#include <concepts>

namespace sluice {

namespace {

class Relu final : public Elementwise<Relu, 1> {
 public:
  static constexpr std::string_view id = "relu";
  bool may_throw(std::span<const Spec>) const override { return false; }
  bool chooses(std::span<const Spec>) const override { return true; }

  template <std::floating_point T>
  static void loop(const T* x, T* y, std::size_t n) {
    kernels::relu(x, y, n);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    return {where(y.input(0) <= 0, 0, dy)};
  }
};

}  // namespace

Tensor relu(const Operand& x) { return make<Relu>(x); }

}  // namespace sluice
