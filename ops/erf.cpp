#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/erf.h>
#include <sluice/ops/exp.h>

#include <concepts>

namespace sluice {

namespace {

constexpr double two_over_sqrt_pi = 1.1283791670955126;

class Erf final : public Elementwise<Erf, 1> {
 public:
  static constexpr std::string_view id = "erf";
  bool may_throw(std::span<const Spec>) const override { return false; }

  template <std::floating_point T>
  static void loop(const T* x, T* y, std::size_t n) {
    kernels::erf(x, y, n);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    return {two_over_sqrt_pi * dy * exp(-(y.input(0) * y.input(0)))};
  }
};

}  // namespace

Tensor erf(const Operand& x) { return make<Erf>(x); }

}  // namespace sluice
