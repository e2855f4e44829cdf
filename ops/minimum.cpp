#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/minimum.h>
#include <sluice/ops/where.h>

#include <algorithm>
#include <concepts>

namespace sluice {

namespace {

/// The part of dy that goes to `mine`. (If one is NaN, both get all of it.)
Tensor share_of_smaller(const Tensor& mine, const Tensor& other, const Tensor& dy) {
  return where(mine > other, 0, where(mine == other, 0.5 * dy, dy));
}

class Minimum final : public Elementwise<Minimum, 2> {
 public:
  static constexpr std::string_view id = "minimum";
  static constexpr Domain domain = Domain::numeric;
  bool may_throw(std::span<const Spec>) const override { return false; }
  bool chooses(std::span<const Spec>) const override { return true; }

  static std::int32_t value(std::int32_t a, std::int32_t b) { return std::min(a, b); }

  template <std::floating_point T>
  static void loop(const T* a, Index stride_a, const T* b, Index stride_b, T* y, std::size_t n) {
    kernels::minimum(a, stride_a, b, stride_b, y, n);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Tensor& a = y.input(0);
    const Tensor& b = y.input(1);
    return {share_of_smaller(a, b, dy), share_of_smaller(b, a, dy)};
  }
};

}  // namespace

Tensor minimum(const Operand& a, const Operand& b) { return make<Minimum>(a, b); }

}  // namespace sluice
