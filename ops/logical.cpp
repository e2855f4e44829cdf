#include <sluice/ops/elementwise.h>
#include <sluice/ops/logical.h>

namespace sluice {

namespace {

template <class Self, int N>
class Logical : public Elementwise<Self, N> {
 public:
  static constexpr Domain domain = Domain::boolean;
  bool may_throw(std::span<const Spec>) const override { return false; }
};

class And final : public Logical<And, 2> {
 public:
  static constexpr std::string_view id = "logical_and";
  static bool value(bool a, bool b) { return a && b; }
};

class Or final : public Logical<Or, 2> {
 public:
  static constexpr std::string_view id = "logical_or";
  static bool value(bool a, bool b) { return a || b; }
};

class Xor final : public Logical<Xor, 2> {
 public:
  static constexpr std::string_view id = "logical_xor";
  static bool value(bool a, bool b) { return a != b; }
};

class Not final : public Logical<Not, 1> {
 public:
  static constexpr std::string_view id = "logical_not";
  static bool value(bool x) { return !x; }
};

}  // namespace

Tensor logical_and(const Operand& a, const Operand& b) { return make<And>(a, b); }
Tensor logical_or(const Operand& a, const Operand& b) { return make<Or>(a, b); }
Tensor logical_xor(const Operand& a, const Operand& b) { return make<Xor>(a, b); }
Tensor logical_not(const Operand& x) { return make<Not>(x); }

}  // namespace sluice
