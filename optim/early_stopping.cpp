#include <sluice/optim/early_stopping.h>

#include <fmt/format.h>

#include <limits>

#include <sluice/graph/tensor.h>

namespace sluice::optim {

namespace {

Tensor scalar_of(double value) { return full({}, value, DType::float64); }

}  // namespace

EarlyStopping::EarlyStopping(std::int64_t patience, Location where)
    : patience_(patience), best_(scalar_of(std::numeric_limits<double>::infinity())), bad_(scalar_of(0)) {
  const sluice::detail::Call call("early_stopping", where);
  if (patience < 0) {
    throw Error(fmt::format(
        "[early_stopping] patience must not be negative: got {}; use 0 to go on whatever comes", patience));
  }
}

bool EarlyStopping::observe(double loss, Location where) {
  const sluice::detail::Call call("early_stopping", where);
  const bool better = consider(loss);
  bad_.set(scalar_of(better ? 0 : static_cast<double>(bad()) + 1).value());
  return better;
}

bool EarlyStopping::consider(double loss, Location where) {
  const sluice::detail::Call call("early_stopping", where);
  if (!(loss < best())) return false;
  best_.set(scalar_of(loss).value());
  return true;
}

double EarlyStopping::best() const { return best_.value().item(); }

std::int64_t EarlyStopping::bad() const { return static_cast<std::int64_t>(bad_.value().item()); }

void EarlyStopping::be_patient_again() { bad_.set(scalar_of(0).value()); }

void EarlyStopping::forget() {
  best_.set(scalar_of(std::numeric_limits<double>::infinity()).value());
  be_patient_again();
}

void EarlyStopping::members(const Members& m) const { m("best", best_), m("bad", bad_); }

NamedVariables EarlyStopping::variables() const {
  NamedVariables found;
  Members{found}("stopping", *this);
  return found;
}

}  // namespace sluice::optim
