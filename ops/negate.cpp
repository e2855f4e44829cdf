#include <sluice/graph/arithmetic.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/wrapping.h>

namespace sluice {

namespace {

class Negate final : public Elementwise<Negate, 1> {
 public:
  static constexpr std::string_view id = "negate";
  static constexpr Domain domain = Domain::numeric;

  template <class T>
  static T value(T x) {
    if constexpr (std::is_integral_v<T>) return detail::wrapping_subtract(T{0}, x);
    return -x;
  }

  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {-dy}; }
};

}  // namespace

bool detail::is_negate(const Op& op) { return dynamic_cast<const Negate*>(&op) != nullptr; }

Tensor operator-(const Operand& x) { return make<Negate>(x); }

}  // namespace sluice
