#include <sluice/graph/arithmetic.h>
#include <sluice/graph/call.h>
#include <sluice/ops/formula.h>
#include <sluice/ops/mean.h>
#include <sluice/ops/rms_norm.h>
#include <sluice/ops/rsqrt.h>
#include <sluice/ops/square.h>

#include <fmt/format.h>

#include <cmath>

namespace sluice {

namespace {

/// The gradient is that of the formula: s (dy - y mean(dy y)), with s = 1 / sqrt(mean(x^2) + epsilon).
struct RMSNormOp final : Formula<RMSNormOp, 1> {
  static constexpr std::string_view id = "rms_norm";
  static constexpr Domain domain = Domain::floating;
  explicit RMSNormOp(double epsilon) : epsilon(epsilon) {}
  void members(Attributes& a) const override { a("epsilon", epsilon); }
  Tensor formula(const Tensor& x) const {
    if (x.rank() == 0) throw ShapeError("[rms_norm] normalises the last axis: got a scalar; reshape it");
    return x * rsqrt(mean(square(x), -1, true) + epsilon);
  }
  double epsilon;
};

}  // namespace

Tensor rms_norm(const Operand& x, double epsilon) {
  if (!(epsilon >= 0) || std::isinf(epsilon)) {
    throw Error(
        fmt::format("[rms_norm] epsilon cannot be negative or infinite: got {}; 1e-5 is usual", epsilon),
        x.where());
  }
  return make(std::make_shared<RMSNormOp>(epsilon), {x});
}

Tensor rms_norm(const Operand& x, const Operand& weight, double epsilon) {
  const detail::Call call("rms_norm", x.where());
  const Tensor tensor = x.tensor();
  const Tensor scale = weight.tensor(tensor.dtype());
  const Tensor y = rms_norm(tensor, epsilon);
  if (!(scale.shape() == Shape{tensor.dim(-1)})) {
    throw ShapeError(
        fmt::format("[rms_norm] the weight must be a vector as long as the last axis: got {} for {}; "
                    "reshape it",
                    scale.shape().text(), tensor.shape().text()));
  }
  return y * scale;
}

}  // namespace sluice
