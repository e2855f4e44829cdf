#include <sluice/ops/elementwise.h>
#include <sluice/ops/sign.h>

namespace sluice {

namespace {

class Sign final : public Elementwise<Sign, 1> {
 public:
  static constexpr std::string_view id = "sign";
  static constexpr Domain domain = Domain::numeric;
  bool may_throw(std::span<const Spec>) const override { return false; }

  template <class T>
  static T value(T x) {
    return static_cast<T>((x > 0 ? 1 : 0) - (x < 0 ? 1 : 0));
  }

  Tensors gradient(const Tensor&, const Tensor&) const override { return {Tensor()}; }
};

}  // namespace

Tensor sign(const Operand& x) { return make<Sign>(x); }

}  // namespace sluice
