#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/multiply_no_nan.h>
#include <sluice/ops/sigmoid.h>
#include <sluice/ops/silu.h>

#include <algorithm>
#include <array>
#include <concepts>

namespace sluice {

namespace {

class Silu final : public Elementwise<Silu, 1> {
 public:
  static constexpr std::string_view id = "silu";
  bool may_throw(std::span<const Spec>) const override { return false; }

  /// y may be x, so sigmoids go to a buffer, some at a time.
  template <std::floating_point T>
  static void loop(const T* x, T* y, std::size_t n) {
    std::array<T, 256> s;
    for (std::size_t begin = 0; begin < n; begin += s.size()) {
      const std::size_t count = std::min(s.size(), n - begin);
      kernels::sigmoid(x + begin, s.data(), count);
      kernels::multiply_no_nan(x + begin, 1, s.data(), 1, y + begin, count);
    }
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Tensor s = sigmoid(y.input(0));
    return {dy * (s + multiply_no_nan(y, 1 - s))};
  }
};

}  // namespace

Tensor silu(const Operand& x) { return make<Silu>(x); }

}  // namespace sluice
