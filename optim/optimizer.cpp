#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/where.h>
#include <sluice/optim/clip.h>
#include <sluice/optim/optimizer.h>

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace sluice::optim {

Optimizer::Optimizer(std::string_view who, const std::vector<Group>& groups, const CommonOptions& options,
                     Location where)
    : who_(who), options_(options) {
  detail::require_not_negative(who, "learning_rate", options.learning_rate, where);
  detail::require_not_negative(who, "weight_decay", options.weight_decay, where);
  detail::require_not_negative(who, "clip_norm", options.clip_norm, where);
  detail::require_not_negative(who, "clip_value", options.clip_value, where);
  NamedVariables all;
  for (const Group& group : groups) {
    const Share share{group.learning_rate_scale, group.weight_decay.value_or(options.weight_decay)};
    detail::require_not_negative(who, "learning_rate_scale of a group", share.learning_rate_scale, where);
    detail::require_not_negative(who, "weight_decay of a group", share.weight_decay, where);
    for (const NamedVariable& parameter : group.variables) {
      require_new(parameter, all, where);
      all.push_back(parameter);
      if (group.frozen) continue;
      parameters_.push_back(parameter);
      shares_.push_back(share);
    }
  }
  if (parameters_.empty()) {
    throw Error(
        fmt::format("[{}] there must be something to train: got {} parameters, all of them in frozen groups; "
                    "give at least one that is not",
                    who, all.size()),
        where);
  }
  step_ = Variable(full({}, 0, DType::float64));
  learning_rate_ = Variable(full({}, options.learning_rate, DType::float64));
  state_ = {{"step", step_}, {"learning_rate", learning_rate_}};
}

void Optimizer::require_new(const NamedVariable& parameter, const NamedVariables& others,
                            Location where) const {
  const auto& [name, variable] = parameter;
  if (!variable.defined()) {
    throw Error(
        fmt::format("[{}] a parameter needs a value: '{}' has no slot; initialise it first", who_, name),
        where);
  }
  if (!is_floating(variable.dtype())) {
    throw ShapeError(
        fmt::format("[{}] a parameter must be floating to have a gradient: '{}' is {}; leave it out", who_,
                    name, variable.spec().text()),
        where);
  }
  for (const NamedVariable& other : others) {
    if (other.variable.is(variable)) {
      throw Error(
          fmt::format("[{}] a parameter can be trained once only: '{}' is the same Variable as '{}'; give a "
                      "shared parameter in one place",
                      who_, name, other.name),
          where);
    }
    if (other.name == name) {
      throw Error(
          fmt::format(
              "[{}] parameters need different names, which their state is saved under: '{}' names two "
              "({} and {}); give each module a name of its own",
              who_, name, other.variable.spec().text(), variable.spec().text()),
          where);
    }
  }
}

std::vector<Variable> Optimizer::state(const std::string& name, double initial) {
  std::vector<Variable> made;
  for (const NamedVariable& parameter : parameters_) {
    made.emplace_back(full(parameter.variable.shape(), initial, parameter.variable.dtype()));
    state_.push_back({name + "." + parameter.name, made.back()});
  }
  return made;
}

void Optimizer::set_learning_rate(double rate, Location where) {
  detail::require_not_negative(who_, "learning_rate", rate, where);
  learning_rate_.set(full({}, rate, DType::float64).value());
}

Tensor Optimizer::scheduled_rate() const {
  if (!options_.schedule) return learning_rate_;
  const Tensor factor = options_.schedule(step_);
  if (!factor.defined() || factor.rank() != 0 || !is_floating(factor.dtype())) {
    throw ShapeError(
        fmt::format("[{}] a schedule makes a floating scalar of the step: got {}; return one such as "
                    "1 / (1 + 0.01 * step)",
                    who_, factor.defined() ? factor.spec().text() : "an undefined Tensor"));
  }
  return learning_rate_ * cast(factor, DType::float64);
}

Tensor Optimizer::update(const Tensor& loss, Location where) {
  if (!loss.defined() || loss.size() != 1 || !is_floating(loss.dtype())) {
    throw ShapeError(
        fmt::format("[{}] the loss must be a floating scalar: got {}; reduce it with mean or sum first", who_,
                    loss.defined() ? loss.spec().text() : "an undefined Tensor"),
        where);
  }
  Tensors values;
  for (const NamedVariable& parameter : parameters_) values.push_back(parameter.variable.read());
  return apply(grad(loss, values, where), where);
}

Tensor Optimizer::apply(const Tensors& gradients, Location where) {
  Tensors clipped = checked(gradients, where);
  const Tensor norm = global_norm(clipped, where);
  if (options_.clip_value > 0) clipped = clip_by_value(clipped, options_.clip_value, where);
  if (options_.clip_norm > 0) {
    const Tensor now = options_.clip_value > 0 ? global_norm(clipped, where) : norm;
    clipped = clip_by_global_norm(clipped, now, options_.clip_norm, where);
  }
  const Tensor rate = scheduled_rate();
  std::vector<Slice> slices;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Variable& variable = parameters_[i].variable;
    const double scale = shares_[i].learning_rate_scale;
    slices.push_back({.index = i,
                      .variable = variable,
                      .value = variable.read(),
                      .gradient = clipped[i],
                      .rate = scale == 1 ? rate : rate * scale,
                      .weight_decay = shares_[i].weight_decay});
  }
  const Tensor t = step_ + 1;
  NewValues next;
  next.set(step_, t);
  step(slices, t, next);
  return commit(std::move(next), norm);
}

Tensors Optimizer::checked(const Tensors& gradients, Location where) const {
  if (gradients.size() != parameters_.size()) {
    throw ShapeError(
        fmt::format("[{}] one gradient per parameter: there are {} parameters, got {} gradients; pass them "
                    "in the order of parameters()",
                    who_, parameters_.size(), gradients.size()),
        where);
  }
  Tensors result = gradients;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto& [name, variable] = parameters_[i];
    if (!result[i].defined()) result[i] = zeros(variable.shape(), variable.dtype());
    if (result[i].spec() != variable.spec()) {
      throw ShapeError(
          fmt::format("[{}] a gradient has the shape and dtype of its parameter: '{}' is {}, its gradient "
                      "{}; pass them in the order of parameters()",
                      who_, name, variable.spec().text(), result[i].spec().text()),
          where);
    }
  }
  return result;
}

Tensor Optimizer::commit(NewValues next, const Tensor& norm) const {
  auto& values = next.values_;
  if (options_.skip_nonfinite) {
    const Tensor finite = norm < std::numeric_limits<double>::infinity();  // false for NaN too
    for (auto& [variable, value] : values) value = where(finite, value, variable);
  }
  if (is_tracing()) {
    for (const auto& [variable, value] : values) variable.assign(value);
    return norm;
  }
  // Eagerly every value is computed before the first one is replaced.
  Tensors all{norm};
  for (const auto& [variable, value] : values) all.push_back(value);
  const Tensors computed = evaluate(all);
  for (std::size_t i = 0; i < values.size(); ++i) values[i].first.set(computed[i + 1].value());
  return computed.front();
}

Tensor Optimizer::Slice::scalar(const Tensor& x) const { return cast(x, value.dtype()); }

Tensor Optimizer::Slice::decayed_gradient() const {
  return weight_decay == 0 ? gradient : gradient + weight_decay * value;
}

namespace detail {

void require_fraction(std::string_view who, std::string_view name, double value, Location where) {
  if (value >= 0 && value < 1) return;
  throw Error(fmt::format("[{}] {} must be in [0, 1): got {}", who, name, value), where);
}

void require_not_negative(std::string_view who, std::string_view name, double value, Location where) {
  if (value >= 0 && std::isfinite(value)) return;
  throw Error(fmt::format("[{}] {} must be finite and not negative: got {}", who, name, value), where);
}

}  // namespace detail

}  // namespace sluice::optim
