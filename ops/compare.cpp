#include <sluice/ops/compare.h>
#include <sluice/ops/elementwise.h>

namespace sluice {

namespace {

template <class Self>
class Comparison : public Elementwise<Self, 2> {
 public:
  static constexpr Domain domain = Domain::numeric;
  bool may_throw(std::span<const Spec>) const override { return false; }

  Tensors gradient(const Tensor&, const Tensor&) const final { return {Tensor(), Tensor()}; }
};

class Less final : public Comparison<Less> {
 public:
  static constexpr std::string_view id = "less";
  static bool value(auto a, auto b) { return a < b; }
};

class LessEqual final : public Comparison<LessEqual> {
 public:
  static constexpr std::string_view id = "less_equal";
  static bool value(auto a, auto b) { return a <= b; }
};

class Equal final : public Comparison<Equal> {
 public:
  static constexpr std::string_view id = "equal";
  static constexpr Domain domain = Domain::any;
  static bool value(auto a, auto b) { return a == b; }
};

class NotEqual final : public Comparison<NotEqual> {
 public:
  static constexpr std::string_view id = "not_equal";
  static constexpr Domain domain = Domain::any;
  static bool value(auto a, auto b) { return a != b; }
};

}  // namespace

Tensor operator<(const Operand& a, const Operand& b) { return make<Less>(a, b); }
Tensor operator<=(const Operand& a, const Operand& b) { return make<LessEqual>(a, b); }
Tensor operator>(const Operand& a, const Operand& b) { return make<Less>(b, a); }
Tensor operator>=(const Operand& a, const Operand& b) { return make<LessEqual>(b, a); }
Tensor equal(const Operand& a, const Operand& b) { return make<Equal>(a, b); }
Tensor not_equal(const Operand& a, const Operand& b) { return make<NotEqual>(a, b); }

}  // namespace sluice
