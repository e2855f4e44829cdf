#include <sluice/kernels/vector_math.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/round.h>

#include <concepts>

namespace sluice {

namespace {

class Round final : public Elementwise<Round, 1> {
 public:
  static constexpr std::string_view id = "round";
  bool may_throw(std::span<const Spec>) const override { return false; }

  template <std::floating_point T>
  static void loop(const T* x, T* y, std::size_t n) {
    kernels::round(x, y, n);
  }

  Tensors gradient(const Tensor&, const Tensor&) const override { return {Tensor()}; }
};

}  // namespace

Tensor round(const Operand& x) { return make<Round>(x); }

}  // namespace sluice
