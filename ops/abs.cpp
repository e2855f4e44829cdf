#include <sluice/graph/arithmetic.h>
#include <sluice/ops/abs.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/sign.h>
#include <sluice/ops/wrapping.h>

namespace sluice {

namespace {

class Abs final : public Elementwise<Abs, 1> {
 public:
  static constexpr std::string_view id = "abs";
  static constexpr Domain domain = Domain::numeric;

  template <class T>
  static T value(T x) {
    if constexpr (std::is_integral_v<T>) return x < 0 ? detail::wrapping_subtract(0, x) : x;
    return std::abs(x);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override { return {dy * sign(y.input(0))}; }
};

}  // namespace

Tensor abs(const Operand& x) { return make<Abs>(x); }

}  // namespace sluice
