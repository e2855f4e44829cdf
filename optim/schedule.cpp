#include <sluice/graph/arithmetic.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/cos.h>
#include <sluice/ops/floor.h>
#include <sluice/ops/maximum.h>
#include <sluice/ops/minimum.h>
#include <sluice/ops/pow.h>
#include <sluice/ops/where.h>
#include <sluice/optim/schedule.h>

#include <fmt/format.h>

#include <cmath>
#include <numbers>

namespace sluice::optim {

namespace {

void require_steps(std::string_view who, Index steps, Location where) {
  if (steps > 0) return;
  throw Error(fmt::format("[{}] the number of steps must be positive: got {}; pass 1 or more", who, steps),
              where);
}

void require_factor(std::string_view who, std::string_view name, double value, Location where) {
  if (value >= 0 && std::isfinite(value)) return;
  throw Error(
      fmt::format("[{}] {} must be finite and not negative: got {}; pass 0 or more", who, name, value),
      where);
}

}  // namespace

Schedule constant(double factor, Location where) {
  require_factor("constant", "factor", factor, where);
  return [factor](const Tensor&) { return full({}, factor, DType::float64); };
}

Schedule step_decay(Index every, double gamma, Location where) {
  require_steps("step_decay", every, where);
  require_factor("step_decay", "gamma", gamma, where);
  return [every, gamma](const Tensor& step) { return pow(gamma, floor(step / every)); };
}

Schedule exponential(double gamma, Location where) {
  require_factor("exponential", "gamma", gamma, where);
  return [gamma](const Tensor& step) { return pow(gamma, step); };
}

Schedule cosine(Index steps, double minimum_factor, Location where) {
  require_steps("cosine", steps, where);
  require_factor("cosine", "minimum", minimum_factor, where);
  return [steps, minimum_factor](const Tensor& step) {
    const Tensor done = minimum(step / steps, 1);
    return minimum_factor + (1 - minimum_factor) * 0.5 * (1 + cos(std::numbers::pi * done));
  };
}

Schedule warm_up(Index steps, Schedule then, bool from_zero, Location where) {
  require_steps("warm_up", steps, where);
  if (!then) throw Error("[warm_up] a schedule must follow: got an empty one; use constant()", where);
  return [steps, then = std::move(then), from_zero](const Tensor& step) {
    const Tensor line = (from_zero ? step : step + 1) / steps;
    // The following schedule never sees a negative step, where it need not be defined.
    const Tensor after = maximum(step - steps, 0);
    return sluice::where(step < steps, line, then(after));
  };
}

}  // namespace sluice::optim
