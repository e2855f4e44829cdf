#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/maximum.h>
#include <sluice/ops/where.h>

#include <algorithm>
#include <concepts>

namespace sluice {

namespace {

/// The part of dy that goes to `mine`. (If one is NaN, both get all of it.)
Tensor share_of_larger(const Tensor& mine, const Tensor& other, const Tensor& dy) {
  return where(mine < other, 0, where(mine == other, 0.5 * dy, dy));
}

class Maximum final : public Elementwise<Maximum, 2> {
 public:
  static constexpr std::string_view id = "maximum";
  static constexpr Domain domain = Domain::numeric;
  bool may_throw(std::span<const Spec>) const override { return false; }
  bool chooses(std::span<const Spec>) const override { return true; }

  static std::int32_t value(std::int32_t a, std::int32_t b) { return std::max(a, b); }

  template <std::floating_point T>
  static void loop(const T* a, Index stride_a, const T* b, Index stride_b, T* y, std::size_t n) {
    kernels::maximum(a, stride_a, b, stride_b, y, n);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Tensor& a = y.input(0);
    const Tensor& b = y.input(1);
    return {share_of_larger(a, b, dy), share_of_larger(b, a, dy)};
  }
};

}  // namespace

Tensor maximum(const Operand& a, const Operand& b) { return make<Maximum>(a, b); }

}  // namespace sluice
