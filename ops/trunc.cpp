#include <sluice/kernels/vector_math.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/trunc.h>

#include <concepts>

namespace sluice {

namespace {

class Trunc final : public Elementwise<Trunc, 1> {
 public:
  static constexpr std::string_view id = "trunc";
  bool may_throw(std::span<const Spec>) const override { return false; }

  template <std::floating_point T>
  static void loop(const T* x, T* y, std::size_t n) {
    kernels::trunc(x, y, n);
  }

  Tensors gradient(const Tensor&, const Tensor&) const override { return {Tensor()}; }
};

}  // namespace

Tensor trunc(const Operand& x) { return make<Trunc>(x); }

}  // namespace sluice
