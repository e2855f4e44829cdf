#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/tanh.h>

#include <concepts>

namespace sluice {

namespace {

class Tanh final : public Elementwise<Tanh, 1> {
 public:
  static constexpr std::string_view id = "tanh";
  bool may_throw(std::span<const Spec>) const override { return false; }

  template <std::floating_point T>
  static void loop(const T* x, T* y, std::size_t n) {
    kernels::tanh(x, y, n);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override { return {dy * (1 - y * y)}; }
};

}  // namespace

Tensor tanh(const Operand& x) { return make<Tanh>(x); }

}  // namespace sluice
