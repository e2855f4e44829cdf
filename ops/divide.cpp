#include <sluice/graph/arithmetic.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/wrapping.h>

namespace sluice {

namespace {

class Divide final : public Elementwise<Divide, 2> {
 public:
  static constexpr std::string_view id = "divide";
  static constexpr Domain domain = Domain::numeric;

  template <class T>
  static T value(T a, T b) {
    if constexpr (std::is_integral_v<T>) {
      if (b == 0) throw Error("[divide] an integer cannot be divided by 0; cast to a floating dtype for infinity");
      if (b == -1) return detail::wrapping_subtract(T{0}, a);  // the most negative number has no opposite
    }
    return a / b;
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Tensor& b = y.input(1);
    return {dy / b, -dy * y / b};
  }
};

}  // namespace

Tensor operator/(const Operand& a, const Operand& b) { return make<Divide>(a, b); }

}  // namespace sluice
