#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/cos.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/sin.h>

#include <concepts>

namespace sluice {

namespace {

class Sin final : public Elementwise<Sin, 1> {
 public:
  static constexpr std::string_view id = "sin";
  bool may_throw(std::span<const Spec>) const override { return false; }

  template <std::floating_point T>
  static void loop(const T* x, T* y, std::size_t n) {
    kernels::sin(x, y, n);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override { return {dy * cos(y.input(0))}; }
};

}  // namespace

Tensor sin(const Operand& x) { return make<Sin>(x); }

}  // namespace sluice
