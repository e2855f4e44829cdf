#include <sluice/graph/arithmetic.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/wrapping.h>

namespace sluice {

namespace {

class Subtract final : public Elementwise<Subtract, 2> {
 public:
  static constexpr std::string_view id = "subtract";
  static constexpr Domain domain = Domain::numeric;

  static auto value(auto a, auto b) { return detail::wrapping_subtract(a, b); }

  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {dy, -dy}; }
};

}  // namespace

Tensor operator-(const Operand& a, const Operand& b) { return make<Subtract>(a, b); }

}  // namespace sluice
