#include <sluice/kernels/vector_math.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/floor.h>

#include <concepts>

namespace sluice {

namespace {

class Floor final : public Elementwise<Floor, 1> {
 public:
  static constexpr std::string_view id = "floor";
  bool may_throw(std::span<const Spec>) const override { return false; }

  template <std::floating_point T>
  static void loop(const T* x, T* y, std::size_t n) {
    kernels::floor(x, y, n);
  }

  Tensors gradient(const Tensor&, const Tensor&) const override { return {Tensor()}; }
};

}  // namespace

Tensor floor(const Operand& x) { return make<Floor>(x); }

}  // namespace sluice
