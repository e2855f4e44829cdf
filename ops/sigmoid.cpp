#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/sigmoid.h>

#include <concepts>

namespace sluice {

namespace {

class Sigmoid final : public Elementwise<Sigmoid, 1> {
 public:
  static constexpr std::string_view id = "sigmoid";
  bool may_throw(std::span<const Spec>) const override { return false; }

  template <std::floating_point T>
  static void loop(const T* x, T* y, std::size_t n) {
    kernels::sigmoid(x, y, n);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override { return {dy * (y * (1 - y))}; }
};

}  // namespace

Tensor sigmoid(const Operand& x) { return make<Sigmoid>(x); }

}  // namespace sluice
