#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/rsqrt.h>

#include <concepts>

namespace sluice {

namespace {

class Rsqrt final : public Elementwise<Rsqrt, 1> {
 public:
  static constexpr std::string_view id = "rsqrt";
  bool may_throw(std::span<const Spec>) const override { return false; }

  template <std::floating_point T>
  static void loop(const T* x, T* y, std::size_t n) {
    kernels::rsqrt(x, y, n);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override { return {-0.5 * dy * (y * y * y)}; }
};

}  // namespace

Tensor rsqrt(const Operand& x) { return make<Rsqrt>(x); }

}  // namespace sluice
