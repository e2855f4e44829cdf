#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/version.h>
#include <sluice/graph/walk.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/minimum.h>
#include <sluice/ops/stop_gradient.h>
#include <sluice/ops/where.h>
#include <sluice/optim/clip.h>
#include <sluice/optim/optimizer.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

namespace sluice::optim {

namespace {

/// The floating-point Variables that gradients of a loss may reach: through floating-point tensors only, and
/// no stop_gradient.
std::vector<Variable> reached_by_gradients(const Tensor& loss) {
  std::vector<Variable> found;
  std::unordered_set<const Node*> reached{&loss.node()};
  std::unordered_set<const sluice::detail::Slot*> slots;
  const auto order = topological_order({loss});
  for (auto at = order.rbegin(); at != order.rend(); ++at) {  // users before inputs
    const Node& node = **at;
    if (reached.count(&node) == 0 || node.op->stops_gradients()) continue;
    if (const Variable variable = variable_of(node); variable.defined()) {
      if (slots.insert(variable.slot().get()).second) found.push_back(variable);
      continue;  // gradients end at an assignment
    }
    for (const Tensor& input : node.inputs) {
      if (is_floating(input.dtype())) reached.insert(&input.node());
    }
  }
  return {found.rbegin(), found.rend()};
}

/// The global norm of gradients; 0 if there are none.
Tensor norm_of(const Tensors& gradients) {
  return gradients.empty() ? zeros({}, DType::float64) : global_norm(gradients);
}

/// "a, b, c and 5 more"
std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t most = 3;
  const std::size_t shown = std::min(names.size(), most);
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(shown);
  const std::string more = names.size() > shown ? fmt::format(" and {} more", names.size() - shown) : "";
  return fmt::format("{}{}", fmt::join(names.begin(), end, ", "), more);
}

}  // namespace

Optimizer::Optimizer(const char* who, const std::vector<Group>& groups, const CommonOptions& options,
                     Location where)
    : who_(who), made_(where), options_(options) {
  const sluice::detail::Call call(who, where);
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
      require_new(parameter, all);
      all.push_back(parameter);
      if (group.frozen) {
        frozen_.push_back(parameter.variable);
        continue;
      }
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

void Optimizer::require_new(const NamedVariable& parameter, const NamedVariables& others) const {
  const auto& [name, variable] = parameter;
  if (!variable.defined()) {
    throw Error(
        fmt::format("[{}] a parameter has a value: got '{}' without one; initialise it first", who_, name));
  }
  if (!is_floating(variable.dtype())) {
    throw ShapeError(
        fmt::format("[{}] a parameter is floating, to have a gradient: got '{}', {}; leave it out", who_,
                    name, variable.spec().text()));
  }
  for (const NamedVariable& other : others) {
    if (other.variable.is(variable)) {
      throw Error(
          fmt::format("[{}] a parameter is trained once: got '{}', the same Variable as '{}'; give a "
                      "shared parameter in one place",
                      who_, name, other.name));
    }
    if (other.name == name) {
      throw Error(fmt::format(
          "[{}] parameters need different names, which their state is saved under: got '{}' twice "
          "({} and {}); give each module a name of its own",
          who_, name, other.variable.spec().text(), variable.spec().text()));
    }
  }
}

std::vector<Variable> Optimizer::state(const std::string& name, double initial) {
  const sluice::detail::Call call(who_, made_);
  std::vector<Variable> made;
  for (const NamedVariable& parameter : parameters_) {
    made.emplace_back(full(parameter.variable.shape(), initial, parameter.variable.dtype()));
    state_.push_back({name + "." + parameter.name, made.back()});
  }
  return made;
}

void Optimizer::set_learning_rate(double rate, Location where) {
  const sluice::detail::Call call(who_, where);
  detail::require_not_negative(who_, "learning_rate", rate, where);
  learning_rate_.set(full({}, rate, DType::float64).value());
}

std::int64_t Optimizer::steps(Location where) const {
  const sluice::detail::Call call(who_, where);
  const double steps = step_.value().item();
  if (!(steps >= 0 && steps <= 0x1p53)) {  // above that a double does not represent every integer
    throw Error(
        fmt::format("[{}] the Variable \"step\" must hold the number of steps done: got {}; restore a "
                    "checkpoint of this optimiser, or set it to 0",
                    who_, steps));
  }
  return static_cast<std::int64_t>(steps);
}

Tensor Optimizer::scheduled_rate(Location where) const {
  const sluice::detail::Call call(who_, where);
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

Update Optimizer::update(const Tensor& loss, Location where) {
  const sluice::detail::Call call(who_, where);
  if (!loss.defined() || loss.size() != 1 || !is_floating(loss.dtype())) {
    throw ShapeError(
        fmt::format("[{}] the loss must be a floating scalar: got {}; reduce it with mean or sum first", who_,
                    loss.defined() ? loss.spec().text() : "an undefined Tensor"));
  }
  NamedVariables others = unlisted(loss);
  const std::vector<std::size_t> trained = this->trained();
  Tensors values;
  for (const std::size_t i : trained) values.push_back(parameters_[i].variable.read());
  const Tensors found = vjp({loss}, {ones_like(loss)}, values);
  require_reached(trained, found, loss);
  Tensors gradients(parameters_.size());
  for (std::size_t k = 0; k < trained.size(); ++k) gradients[trained[k]] = found[k];
  Update done = apply_to(trained, gradients);
  done.unlisted = std::move(others);
  return done;
}

std::vector<std::size_t> Optimizer::trained() const {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (!parameters_[i].variable.frozen()) places.push_back(i);
  }
  return places;
}

void Optimizer::require_reached(const std::vector<std::size_t>& trained, const Tensors& gradients,
                                const Tensor& loss) const {
  if (trained.empty()) return;
  if (std::any_of(gradients.begin(), gradients.end(), [](const Tensor& g) { return g.defined(); })) return;
  std::vector<std::string> parameters;
  for (const std::size_t i : trained) parameters.push_back(parameters_[i].name);
  std::vector<std::string> others;
  for (const Variable& variable : variables_of({loss})) others.push_back(variable.text());
  throw Error(fmt::format(
      "[{}] the loss must depend on a parameter: got one made from {}, and none of {}; make it from "
      "parameters that are not frozen, without stop_gradient, or give the optimiser what it was made from",
      who_, others.empty() ? "constants" : listed(others), listed(parameters)));
}

NamedVariables Optimizer::unlisted(const Tensor& loss) const {
  NamedVariables found;
  for (const Variable& variable : reached_by_gradients(loss)) {
    const auto is_it = [&](const Variable& known) { return known.is(variable); };
    const bool trained =
        std::any_of(parameters_.begin(), parameters_.end(),
                    [&](const NamedVariable& parameter) { return is_it(parameter.variable); });
    if (!trained && std::none_of(frozen_.begin(), frozen_.end(), is_it) && !variable.frozen())
      found.push_back({variable.text(), variable});
  }
  return found;
}

Update Optimizer::apply(const Tensors& gradients, Location where) {
  const sluice::detail::Call call(who_, where);
  return apply_to(trained(), gradients);
}

Update Optimizer::apply_to(const std::vector<std::size_t>& trained, const Tensors& gradients) {
  const Tensors all = checked(gradients);
  Tensors clipped;
  for (const std::size_t i : trained) clipped.push_back(all[i]);
  Tensor norm = norm_of(clipped);
  Tensor taken = options_.skip_nonfinite
                     ? norm < std::numeric_limits<double>::infinity()  // false for NaN too
                     : ones({}, DType::boolean);
  if (options_.clip_value > 0) clipped = clip_by_value(clipped, options_.clip_value);
  if (options_.clip_norm > 0) {
    const Tensor now = options_.clip_value > 0 ? norm_of(clipped) : norm;
    clipped = clip_by_global_norm(clipped, now, options_.clip_norm);
  }
  const Tensor rate = scheduled_rate();
  std::vector<Slice> slices;
  for (std::size_t k = 0; k < trained.size(); ++k) {
    const std::size_t i = trained[k];
    const Variable& variable = parameters_[i].variable;
    const double scale = shares_[i].learning_rate_scale;
    slices.push_back({.index = i,
                      .variable = variable,
                      .value = variable.read(),
                      .gradient = clipped[k],
                      .rate = scale == 1 ? rate : rate * scale,
                      .weight_decay = shares_[i].weight_decay});
  }
  const Tensor t = step_ + 1;
  NewValues next;
  next.set(step_, t);
  step(slices, t, next);
  commit(std::move(next), norm, taken);
  Update done{std::move(norm), std::move(taken), {}, {}};
  for (const std::size_t i : trained) {
    if (!gradients[i].defined()) done.unreached.push_back(parameters_[i].name);
  }
  return done;
}

Tensors Optimizer::checked(const Tensors& gradients) const {
  if (gradients.size() != parameters_.size()) {
    throw ShapeError(
        fmt::format("[{}] one gradient per parameter: got {} gradients for {} parameters; pass them "
                    "in the order of parameters()",
                    who_, gradients.size(), parameters_.size()));
  }
  Tensors result = gradients;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto& [name, variable] = parameters_[i];
    if (!result[i].defined()) result[i] = zeros(variable.shape(), variable.dtype());
    if (result[i].spec() != variable.spec()) {
      throw ShapeError(
          fmt::format("[{}] a gradient has the shape and dtype of its parameter: got {} for '{}', {}; "
                      "pass them in the order of parameters()",
                      who_, result[i].spec().text(), name, variable.spec().text()));
    }
  }
  return result;
}

void Optimizer::commit(NewValues next, Tensor& norm, Tensor& taken) const {
  auto& values = next.values_;
  if (options_.skip_nonfinite) {
    for (auto& [variable, value] : values) value = where(taken, value, variable);
  }
  if (is_tracing()) {
    for (const auto& [variable, value] : values) variable.assign(value);
    norm = stop_gradient(norm);  // a number for logs, as in eager mode
    return;
  }
  // In eager mode every value is computed before the first one is replaced.
  Tensors all{norm, taken};
  for (const auto& [variable, value] : values) all.push_back(value);
  const Tensors computed = evaluate(all);
  norm = computed[0];
  taken = computed[1];
  std::vector<Variable> variables;
  Arrays replaced;
  for (std::size_t i = 0; i < values.size(); ++i) {
    variables.push_back(values[i].first);
    replaced.push_back(computed[i + 2].value());
  }
  set_values(variables, replaced);
}

std::string Update::why(Location where) const {
  const sluice::detail::Call call("why", where);
  if (taken.item() != 0) return {};
  return fmt::format("the norm of the gradients is {}, and skip_nonfinite is set: nothing was changed",
                     item());
}

Tensor Optimizer::finite_squares(const Tensor& squares) const {
  constexpr double small = 1e15;  // far below the root of the largest float, even with weight decay
  const auto limits = [](double limit) { return limit > 0 && limit < small; };
  if (limits(options_.clip_norm) || limits(options_.clip_value)) return squares;
  const bool is_double = squares.dtype() == DType::float64;
  return minimum(squares, is_double ? std::numeric_limits<double>::max() : std::numeric_limits<float>::max());
}

Tensor Optimizer::Slice::scalar(const Tensor& x) const { return cast(x, value.dtype()); }

Tensor Optimizer::Slice::decayed_gradient() const {
  return weight_decay == 0 ? gradient : gradient + weight_decay * value;
}

namespace detail {

void require_fraction(std::string_view who, std::string_view name, double value, Location where) {
  if (value >= 0 && value < 1) return;
  throw Error(fmt::format("[{}] {} must be in [0, 1): got {}; choose one in that range", who, name, value),
              where);
}

void require_not_negative(std::string_view who, std::string_view name, double value, Location where) {
  if (value >= 0 && std::isfinite(value)) return;
  throw Error(
      fmt::format("[{}] {} must be finite and not negative: got {}; pass 0 or more", who, name, value),
      where);
}

}  // namespace detail

}  // namespace sluice::optim
