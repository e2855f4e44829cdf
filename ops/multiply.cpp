#include <sluice/graph/arithmetic.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/wrapping.h>

namespace sluice {

namespace {

class Multiply final : public Elementwise<Multiply, 2> {
 public:
  static constexpr std::string_view id = "multiply";
  static constexpr Domain domain = Domain::numeric;

  static auto value(auto a, auto b) { return detail::wrapping_multiply(a, b); }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    return {dy * y.input(1), dy * y.input(0)};
  }
};

}  // namespace

Tensor operator*(const Operand& a, const Operand& b) { return make<Multiply>(a, b); }

}  // namespace sluice
