#include <sluice/kernels/vector_math.h>
#include <sluice/ops/ceil.h>
#include <sluice/ops/elementwise.h>

#include <concepts>

namespace sluice {

namespace {

class Ceil final : public Elementwise<Ceil, 1> {
 public:
  static constexpr std::string_view id = "ceil";
  bool may_throw(std::span<const Spec>) const override { return false; }

  template <std::floating_point T>
  static void loop(const T* x, T* y, std::size_t n) {
    kernels::ceil(x, y, n);
  }

  Tensors gradient(const Tensor&, const Tensor&) const override { return {Tensor()}; }
};

}  // namespace

Tensor ceil(const Operand& x) { return make<Ceil>(x); }

}  // namespace sluice
