#include <sluice/graph/arithmetic.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/wrapping.h>

namespace sluice {

namespace {

class Add final : public Elementwise<Add, 2> {
 public:
  static constexpr std::string_view id = "add";
  static constexpr Domain domain = Domain::numeric;

  static auto value(auto a, auto b) { return detail::wrapping_add(a, b); }

  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {dy, dy}; }
};

}  // namespace

Tensor operator+(const Operand& a, const Operand& b) { return make<Add>(a, b); }

}  // namespace sluice
