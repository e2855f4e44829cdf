#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/trace.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/maximum.h>
#include <sluice/ops/where.h>
#include <sluice/optim/weight_average.h>

#include <fmt/format.h>

#include <cstddef>

namespace sluice::optim {

namespace detail {

Replaced::Replaced(std::vector<Variable> variables, const Arrays& values)
    : variables_(std::move(variables)), before_(values_of(variables_, Location{})) {
  set_values(variables_, values, Location{});
}

Replaced::~Replaced() { set_values(variables_, before_, Location{}); }

}  // namespace detail

WeightAverage::WeightAverage(const char* who, const NamedVariables& parameters, Location where) : who_(who) {
  const sluice::detail::Call call(who, where);
  for (const auto& [name, variable] : parameters) {
    if (!variable.defined()) {
      throw Error(
          fmt::format("[{}] a parameter has a value: got '{}' without one; initialise it first", who, name));
    }
    if (!is_floating(variable.dtype())) continue;
    for (const NamedVariable& other : parameters_) {
      if (!other.variable.is(variable) && other.name != name) continue;
      throw Error(
          fmt::format("[{}] parameters are different and have different names: got '{}' and '{}'; give each "
                      "one once, under a name of its own",
                      who, other.name, name));
    }
    parameters_.push_back({name, variable});
  }
  if (parameters_.empty()) {
    throw Error(fmt::format(
        "[{}] there must be floating-point parameters to average: got none in a list of {}; give some", who,
        parameters.size()));
  }
  updates_ = state("updates", zeros({}, DType::float64));
  for (const auto& [name, variable] : parameters_) {
    averages_.emplace_back(variable.value());
    state_.push_back({"average." + name, averages_.back()});
  }
}

Variable WeightAverage::state(const std::string& name, const Tensor& initial) {
  const Variable made(initial);
  state_.push_back({name, made});
  return made;
}

std::vector<Variable> WeightAverage::parameter_list() const {
  std::vector<Variable> list;
  for (const NamedVariable& parameter : parameters_) list.push_back(parameter.variable);
  return list;
}

void WeightAverage::require_not_traced() const {
  if (!is_tracing()) return;
  throw Error(fmt::format(
      "[{}] this is done between steps: got a call inside of a traced function; call it outside, or "
      "use with_values and values()",
      who_));
}

Tensor WeightAverage::next_count(const Tensor& n) const { return n + 1; }

void WeightAverage::update(Location where) {
  const sluice::detail::Call call(who_, where);
  const Tensor n = next_count(updates_);
  const Tensor share = sluice::where(equal(n, 0), 1, weight(maximum(n, 1)));
  const Tensor whole = equal(share, 1);
  Tensors next{n};
  for (std::size_t i = 0; i < averages_.size(); ++i) {
    const Tensor average = averages_[i], value = parameters_[i].variable;
    const Tensor moved = average + cast(share, average.dtype()) * (value - average);
    next.push_back(sluice::where(whole, value, moved));
  }
  std::vector<Variable> changed{updates_};
  changed.insert(changed.end(), averages_.begin(), averages_.end());
  if (is_tracing()) {
    for (std::size_t i = 0; i < next.size(); ++i) changed[i].assign(next[i]);
    return;
  }
  // In eager mode every value is computed before the first one is replaced.
  Arrays computed;
  for (const Tensor& value : evaluate(next)) computed.push_back(value.value());
  set_values(changed, computed);
}

void WeightAverage::assign(Location where) const {
  const sluice::detail::Call call(who_, where);
  if (!is_tracing()) {
    set_values(parameter_list(), values_of(averages_));
    return;
  }
  for (std::size_t i = 0; i < averages_.size(); ++i) parameters_[i].variable.assign(averages_[i]);
}

Tensors WeightAverage::values(Location where) const {
  const sluice::detail::Call call(who_, where);
  Tensors found;
  for (const Variable& average : averages_) found.push_back(average.read());
  return found;
}

std::int64_t WeightAverage::updates(Location where) const {
  const sluice::detail::Call call(who_, where);
  return static_cast<std::int64_t>(updates_.value().item());
}

}  // namespace sluice::optim
