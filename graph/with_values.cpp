#include <sluice/graph/with_values.h>

#include <fmt/format.h>

namespace sluice {

namespace detail {

namespace {
thread_local const Standing* nearest = nullptr;
}

Standing::Standing(const std::vector<Variable>& variables, const Tensors& values)
    : variables_(variables), values_(values), outer_(nearest) {
  nearest = this;
}

Standing::~Standing() { nearest = outer_; }

const Tensor* Standing::tensor(const Slot* slot) {
  for (const Standing* at = nearest; at != nullptr; at = at->outer_) {
    for (std::size_t i = 0; i < at->variables_.size(); ++i) {
      if (at->variables_[i].slot().get() == slot) return &at->values_[i];
    }
  }
  return nullptr;
}

bool Standing::any() { return nearest != nullptr; }

}  // namespace detail

Tensors with_values(const std::vector<Variable>& variables, const Tensors& values,
                    const std::function<Tensors()>& function, Location where) {
  if (!function)
    throw Error("[with_values] takes a function: got an empty one; pass one that gives Tensors", where);
  if (variables.size() != values.size()) {
    throw ShapeError(
        fmt::format("[with_values] one value per Variable: got {} Variables and {} values; pass them in "
                    "the same order",
                    variables.size(), values.size()),
        where);
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!variables[i].defined() || !values[i].defined()) {
      throw Error(
          fmt::format("[with_values] Variables and values must be defined: got an undefined {} at place {}; "
                      "assign it first",
                      variables[i].defined() ? "Tensor" : "Variable", i),
          where);
    }
    if (variables[i].spec() == values[i].spec()) continue;
    throw ShapeError(
        fmt::format("[with_values] a value has the shape and dtype of its Variable: got {} for {} at place "
                    "{}; reshape or cast it",
                    values[i].spec().text(), variables[i].spec().text(), i),
        where);
  }
  const detail::Standing standing(variables, values);
  return function();
}

}  // namespace sluice
