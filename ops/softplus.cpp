#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/sigmoid.h>
#include <sluice/ops/softplus.h>

#include <concepts>

namespace sluice {

namespace {

class Softplus final : public Elementwise<Softplus, 1> {
 public:
  static constexpr std::string_view id = "softplus";
  bool may_throw(std::span<const Spec>) const override { return false; }

  template <std::floating_point T>
  static void loop(const T* x, T* y, std::size_t n) {
    kernels::softplus(x, y, n);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override { return {dy * sigmoid(y.input(0))}; }
};

}  // namespace

Tensor softplus(const Operand& x) { return make<Softplus>(x); }

}  // namespace sluice
