#include <sluice/kernels/vector_math.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/elementwise.h>

#include <cmath>
#include <limits>

namespace sluice {

namespace {

template <class To, class From>
To convert(From x) {
  if constexpr (std::is_same_v<To, bool>) {
    return x != From{};
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    // The largest i32 is not a float, and converting a number out of range is undefined.
    constexpr auto above = static_cast<From>(2147483648.0);
    if (x >= above) return std::numeric_limits<To>::max();
    if (x < -above) return std::numeric_limits<To>::min();
    return std::isnan(x) ? To{0} : static_cast<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

class Cast final : public ElementwiseOp {
 public:
  explicit Cast(DType dtype) : dtype_(dtype) {}

  std::string_view name() const override { return "cast"; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  void members(Attributes& a) const override { a("dtype", dtype_); }

  void tile(const void* const* inputs, const Index* strides, void* output, Index n,
            DType dtype) const override {
    with_type(dtype, [&](auto from) {
      with_type(dtype_, [&](auto to) {
        using From = decltype(from);
        using To = decltype(to);
        const auto* x = static_cast<const From*>(inputs[0]);
        auto* y = static_cast<To*>(output);
        if (strides[0] == 0) {
          std::fill(y, y + n, convert<To>(From{*x}));
        } else if constexpr (std::is_same_v<From, bool> && std::is_floating_point_v<To>) {
          const To values[2] = {0, 1};
          kernels::where(x, values + 1, 0, values, 0, y, static_cast<std::size_t>(n));
        } else {
          for (Index i = 0; i < n; ++i) y[i] = convert<To>(From{x[i]});
        }
      });
    });
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    return {cast(dy, y.input(0).dtype())};
  }

 protected:
  int operand_count() const override { return 1; }
  Domain operand_domain() const override { return Domain::any; }
  DType result_dtype(DType) const override { return dtype_; }

 private:
  const DType dtype_;
};

}  // namespace

Tensor cast(const Operand& x, DType dtype) {
  const detail::Call call("cast", x.where());
  const Tensor operand = x.tensor(dtype);
  if (operand.dtype() == dtype) return operand;
  return make(std::make_shared<Cast>(dtype), Tensors{operand}, x.where());
}

}  // namespace sluice
