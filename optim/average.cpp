#include <sluice/graph/arithmetic.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/where.h>
#include <sluice/optim/average.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace sluice::optim {

namespace {

constexpr double no_loss = std::numeric_limits<double>::infinity();

Tensor number_of(double value) { return full({}, value, DType::float64); }

}  // namespace

Average::Average(const NamedVariables& parameters, const AverageOptions& options, Location where)
    : WeightAverage("average", parameters, where) {
  const sluice::detail::Call call("average", where);
  const std::int64_t patience = options.patience.value_or(1);
  if (patience < 1) {
    throw Error(
        fmt::format("[average] patience is at least 1: got {}; 5 is usual, and without patience "
                    "averaging begins at once",
                    patience));
  }
  started_ = state("started", number_of(options.patience ? 0 : 1));
  if (!options.patience) return;
  best_ = state("best", number_of(no_loss));
  recent_ = state("recent", full({patience}, no_loss, DType::float64));
}

bool Average::observe(double loss, Location where) {
  const sluice::detail::Call call("average", where);
  if (!best_.defined()) {
    throw Error(
        fmt::format("[average] reports are for an average that waits: got {} for one without patience, which "
                    "averages from "
                    "its first update; make it with patience, such as 5",
                    loss));
  }
  require_not_traced();
  const double reported = std::fmin(loss, no_loss);  // which passes over NaN
  std::vector<double> recent = recent_.value().to_vector<double>();
  const double best = best_.value().item();
  const bool begins = !started() && reported > best;
  recent.push_back(reported);
  best_.set(number_of(std::min(best, recent.front())).value());
  recent_.set(tensor(std::vector<double>(recent.begin() + 1, recent.end())).value());
  if (begins) start();
  return begins;
}

void Average::start(Location where) {
  const sluice::detail::Call call("average", where);
  require_not_traced();
  set_values({started_, count()}, {number_of(1).value(), number_of(0).value()});
}

bool Average::started(Location where) const {
  const sluice::detail::Call call("average", where);
  return started_.value().item() != 0;
}

Tensor Average::weight(const Tensor& n) const { return 1 / n; }

Tensor Average::next_count(const Tensor& n) const { return where(equal(started_, 1), n + 1, 0); }

}  // namespace sluice::optim
