#include <sluice/graph/arithmetic.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/log.h>
#include <sluice/ops/logical.h>
#include <sluice/ops/multiply_no_nan.h>
#include <sluice/ops/pow.h>
#include <sluice/ops/where.h>

namespace sluice {

namespace {

class Pow final : public Elementwise<Pow, 2> {
 public:
  static constexpr std::string_view id = "pow";
  bool may_throw(std::span<const Spec>) const override { return false; }

  static auto value(auto a, auto b) { return std::pow(a, b); }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Tensor& a = y.input(0);
    const Tensor& b = y.input(1);
    const Tensor da = where(b == 0, 0, dy * b * pow(a, b - 1));
    const Tensor db = where(logical_and(a == 0, b >= 0), 0, multiply_no_nan(log(a), dy * y));
    return {da, db};
  }
};

class Power final : public Elementwise<Power, 1> {
 public:
  static constexpr std::string_view id = "power";
  bool may_throw(std::span<const Spec>) const override { return false; }

  explicit Power(double exponent) : exponent_(exponent) {}

  void members(Attributes& a) const override { a("exponent", exponent_); }

  template <class T>
  T value(T x) const {
    if (exponent_ == 2) return x * x;
    if (exponent_ == 1) return x;
    return std::pow(x, static_cast<T>(exponent_));
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    if (exponent_ == 0) return {Tensor()};
    return {exponent_ * dy * pow(y.input(0), exponent_ - 1)};
  }

 private:
  const double exponent_;
};

}  // namespace

Tensor pow(const Operand& a, const Operand& b) {
  if (a.is_number() || !b.is_number()) return make<Pow>(a, b);
  const double exponent = b.tensor(DType::float64).item();
  const Tensor base = a.tensor();
  if (is_floating(base.dtype())) require_number(exponent, base.dtype(), "pow", "the exponent of", a.where());
  return make(std::make_shared<Power>(exponent), {Operand(base, a.where())});
}

}  // namespace sluice
