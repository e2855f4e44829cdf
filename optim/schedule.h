#pragma once

#include <sluice/graph/tensor.h>

#include <functional>

namespace sluice::optim {

/// A learning rate schedule: maps the number of steps done (0 in the first update), a float64 scalar, to a
/// multiplier of the learning rate, also a float64 scalar. Made of ops, so it is computed inside a compiled
/// function. Any function will do: `[](const Tensor& t) { return 1 / (1 + 0.01 * t); }`.
using Schedule = std::function<Tensor(const Tensor& step)>;

/// factor
Schedule constant(double factor = 1, Location where = Location::current());

/// gamma^floor(t / every). Throws Error unless every > 0 and gamma >= 0.
Schedule step_decay(Index every, double gamma, Location where = Location::current());

/// gamma^t. Throws Error unless gamma >= 0.
Schedule exponential(double gamma, Location where = Location::current());

/// Half a cosine from 1 at t = 0 down to `minimum` at t = steps, then constant: minimum + (1 - minimum) * (1
/// + cos(pi * t / steps)) / 2. Throws Error unless steps > 0 and minimum >= 0. Loshchilov and Hutter, SGDR:
/// stochastic gradient descent with warm restarts, 2017.
Schedule cosine(Index steps, double minimum = 0, Location where = Location::current());

/// Linear up to 1 in `steps` steps, (t + 1) / steps, or t / steps if it starts `from_zero`; then the schedule
/// `then`, which counts from 0 there. Throws Error unless steps > 0.
Schedule warm_up(Index steps, Schedule then = constant(), bool from_zero = false,
                 Location where = Location::current());

}  // namespace sluice::optim
