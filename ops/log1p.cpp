#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/log1p.h>

#include <concepts>

namespace sluice {

namespace {

class Log1p final : public Elementwise<Log1p, 1> {
 public:
  static constexpr std::string_view id = "log1p";
  bool may_throw(std::span<const Spec>) const override { return false; }

  template <std::floating_point T>
  static void loop(const T* x, T* y, std::size_t n) {
    kernels::log1p(x, y, n);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override { return {dy / (1 + y.input(0))}; }
};

}  // namespace

Tensor log1p(const Operand& x) { return make<Log1p>(x); }

}  // namespace sluice
