#include <sluice/ops/elementwise.h>
#include <sluice/ops/isnan.h>

namespace sluice {

namespace {

template <class Self>
class Classification : public Elementwise<Self, 1> {
 public:
  static constexpr Domain domain = Domain::numeric;
  bool may_throw(std::span<const Spec>) const override { return false; }

  Tensors gradient(const Tensor&, const Tensor&) const final { return {Tensor()}; }
};

class IsNan final : public Classification<IsNan> {
 public:
  static constexpr std::string_view id = "isnan";
  static bool value(auto x) { return std::isnan(x); }
};

class IsInf final : public Classification<IsInf> {
 public:
  static constexpr std::string_view id = "isinf";
  static bool value(auto x) { return std::isinf(x); }
};

class IsFinite final : public Classification<IsFinite> {
 public:
  static constexpr std::string_view id = "isfinite";
  static bool value(auto x) { return std::isfinite(x); }
};

}  // namespace

Tensor isnan(const Operand& x) { return make<IsNan>(x); }
Tensor isinf(const Operand& x) { return make<IsInf>(x); }
Tensor isfinite(const Operand& x) { return make<IsFinite>(x); }

}  // namespace sluice
