#include <sluice/graph/arithmetic.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/remainder.h>
#include <sluice/ops/round.h>

#include <fmt/format.h>

namespace sluice {

namespace {

/// The remainder of C's division.
template <class T>
T rest_of(T a, T b, std::string_view who) {
  if constexpr (std::is_integral_v<T>) {
    if (b == 0) {
      throw Error(fmt::format(
          "[{}] an integer cannot be divided by 0: got 0; cast to a floating dtype for NaN", who));
    }
    return b == -1 ? 0 : a % b;  // the quotient of the most negative number by -1 is no int32
  } else {
    return std::fmod(a, b);
  }
}

template <class Self>
class Rest : public Elementwise<Self, 2> {
 public:
  static constexpr Domain domain = Domain::numeric;
  bool may_throw(std::span<const Spec> inputs) const override { return inputs[0].dtype == DType::int32; }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Tensor& b = y.input(1);
    // The quotient that y was made with: that of a and b alone may have been rounded to the next.
    const Tensor quotient = round(y.input(0) / b - y / b);
    return {dy, -quotient * dy};
  }
};

class Remainder final : public Rest<Remainder> {
 public:
  static constexpr std::string_view id = "remainder";
  template <class T>
  static T value(T a, T b) {
    const T rest = rest_of(a, b, id);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  }
};

class Fmod final : public Rest<Fmod> {
 public:
  static constexpr std::string_view id = "fmod";
  template <class T>
  static T value(T a, T b) {
    return rest_of(a, b, id);
  }
};

}  // namespace

Tensor remainder(const Operand& a, const Operand& b) { return make<Remainder>(a, b); }
Tensor fmod(const Operand& a, const Operand& b) { return make<Fmod>(a, b); }

}  // namespace sluice
