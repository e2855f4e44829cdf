#include <sluice/graph/arithmetic.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/mean.h>
#include <sluice/ops/sqrt.h>
#include <sluice/ops/square.h>
#include <sluice/ops/stop_gradient.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/var.h>
#include <sluice/ops/where.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sluice {

namespace {

Tensor variance(const Tensor& x, const Axes& axes, const VarOptions& options, std::string_view who) {
  if (!is_floating(x.dtype()))
    throw ShapeError(fmt::format("[{}] needs a floating tensor: got {}; cast it", who, x.spec().text()));
  if (!(options.correction >= 0 && std::isfinite(options.correction))) {
    throw Error(
        fmt::format("[{}] the correction is a finite number, 0 or more: got {}; 1 for a sample, 0 for "
                    "all there is",
                    who, options.correction));
  }
  const detail::AxisSet set = detail::axis_set(axes, x.rank(), who);
  double count = 1;
  for (Index axis = 0; axis < x.rank(); ++axis) {
    if (detail::has_axis(set, axis)) count *= static_cast<double>(x.shape()[axis]);
  }
  // Centred twice: a large mean is rounded, but what is left of it after the first time is small. The
  // variance does not depend on what is taken from all elements, so the first mean needs no gradient.
  const Tensor near = x - stop_gradient(mean(x, axes, true));
  const Tensor centred = near - mean(near, axes, true);
  return sum(square(centred), axes, options.keep) / std::max(0.0, count - options.correction);
}

}  // namespace

Tensor var(const Operand& x, const Axes& axes, VarOptions options) {
  const detail::Call call("var", x.where());
  return variance(x.tensor(), axes, options, "var");
}

Tensor stddev(const Operand& x, const Axes& axes, VarOptions options) {
  const detail::Call call("stddev", x.where());
  const Tensor v = variance(x.tensor(), axes, options, "stddev");
  return where(v == 0, 0, sqrt(v));
}

}  // namespace sluice
