#include <sluice/graph/arithmetic.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/square.h>
#include <sluice/ops/wrapping.h>

namespace sluice {

namespace {

class Square final : public Elementwise<Square, 1> {
 public:
  static constexpr std::string_view id = "square";
  static constexpr Domain domain = Domain::numeric;

  template <class T>
  static T value(T x) {
    if constexpr (std::is_integral_v<T>) return detail::wrapping_multiply(x, x);
    return x * x;
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override { return {2 * dy * y.input(0)}; }
};

}  // namespace

Tensor square(const Operand& x) { return make<Square>(x); }

}  // namespace sluice
