#include <sluice/kernels/vector_math.h>
#include <sluice/ops/clamp.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/logical.h>
#include <sluice/ops/where.h>

#include <fmt/format.h>

#include <concepts>
#include <limits>

namespace sluice {

namespace {

/// The bound as a number of the tensor's type, which must be able to represent it; an infinite bound becomes
/// the type's limit for integers.
template <class T>
T bound(double value) {
  if constexpr (std::is_integral_v<T>) {
    if (std::isinf(value)) return value < 0 ? std::numeric_limits<T>::min() : std::numeric_limits<T>::max();
  }
  return static_cast<T>(value);
}

class Clamp final : public Elementwise<Clamp, 1> {
 public:
  static constexpr std::string_view id = "clamp";
  static constexpr Domain domain = Domain::numeric;
  bool may_throw(std::span<const Spec>) const override { return false; }
  bool chooses(std::span<const Spec>) const override { return true; }

  Clamp(double low, double high) : low_(low), high_(high) {}

  void members(Attributes& a) const override { a("low", low_), a("high", high_); }

  std::int32_t value(std::int32_t x) const {
    const auto low = bound<std::int32_t>(low_);
    const auto high = bound<std::int32_t>(high_);
    return x < low ? low : x > high ? high : x;
  }

  template <std::floating_point T>
  void loop(const T* x, T* y, std::size_t n) const {
    kernels::clamp(bound<T>(low_), bound<T>(high_), x, y, n);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Tensor& x = y.input(0);
    return {where(logical_and(x >= low_, x <= high_), dy, 0)};
  }

 private:
  const double low_;
  const double high_;
};

}  // namespace

Tensor clamp(const Operand& x, double low, double high) {
  if (!(low <= high)) {
    throw Error(
        fmt::format("[clamp] low must not be above high: got low {} and high {}; swap them", low, high),
        x.where());
  }
  const Tensor tensor = x.tensor();
  for (const double bound : {low, high}) {
    if (std::isfinite(bound) && tensor.dtype() != DType::boolean)  // clamp refuses bool itself
      require_number(bound, tensor.dtype(), "clamp", "a bound of", x.where());
  }
  return make(std::make_shared<Clamp>(low, high), {Operand(tensor, x.where())});
}

}  // namespace sluice
