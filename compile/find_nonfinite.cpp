#include <sluice/compile/find_nonfinite.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/loop_step.h>
#include <sluice/graph/walk.h>
#include <sluice/graph/watch.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace sluice {

namespace {

struct Contents {
  bool has_nan = false;
  bool has_infinity = false;
};

/// Calls f(number) for each element of a floating-point value, until it returns true, and gives its index.
template <class F>
std::optional<Index> find_element(const View& value, const F& f) {
  if (!is_floating(value.spec.dtype)) return std::nullopt;
  return with_floating(value.spec.dtype, [&](auto zero) -> std::optional<Index> {
    const auto* begin = value.as<decltype(zero)>();
    const auto* end = begin + value.size();
    const auto* found = std::find_if(begin, end, f);
    return found == end ? std::nullopt : std::optional<Index>(found - begin);
  });
}

Contents contents_of(std::span<const View> values) {
  Contents all;
  for (const View& value : values) {
    all.has_nan = all.has_nan || find_element(value, [](auto x) { return std::isnan(x); });
    all.has_infinity = all.has_infinity || find_element(value, [](auto x) { return std::isinf(x); });
  }
  return all;
}

/// The first element that is NaN, or infinite and no operand was: nothing if there is none.
std::optional<NonFinite> fault_in(const Array& array, const Contents& operands) {
  const bool any = operands.has_nan || operands.has_infinity;
  const auto index = find_element({array.spec(), array.data()}, [&](auto x) {
    return (std::isnan(x) && !operands.has_nan) || (std::isinf(x) && !any);
  });
  if (!index) return std::nullopt;
  NonFinite found;
  found.spec = array.spec();
  found.value = array.element(*index);
  Index rest = *index;
  for (Index axis = found.spec.shape.rank(); axis-- > 0; rest /= found.spec.shape[axis])
    found.element.insert(found.element.begin(), rest % found.spec.shape[axis]);
  return found;
}

/// Ends the run: the rest is not wanted.
struct FirstNonFinite {
  NonFinite what;
};

class NonFiniteFinder final : public detail::Watch {
 public:
  void computed(const Node& node, std::span<const View> inputs, const Arrays& outputs) override {
    if (node.op->body() != nullptr) return;  // its ops have been looked at
    std::optional<Contents> operands;
    for (const Array& output : outputs) {
      if (!output.defined() || !fault_in(output, {})) continue;
      if (!operands) operands = contents_of(inputs);
      auto found = fault_in(output, *operands);
      if (!found) continue;
      found->op = node.op->name();
      found->where = node.where;
      for (const detail::LoopPlace& place : detail::LoopStep::places()) {
        found->steps.push_back(place.step);
        found->scans.push_back(place.where);
      }
      throw FirstNonFinite{*std::move(found)};
    }
  }
};

std::optional<NonFinite> fault_in_arguments(const Arrays& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    auto found = fault_in(arguments[i], {});
    if (!found) continue;
    found->origin = NonFinite::Origin::argument;
    found->argument = i;
    return found;
  }
  return std::nullopt;
}

std::optional<NonFinite> fault_in_variables(const Graph& graph) {
  std::vector<Variable> variables;
  for (const Node* node : topological_order(graph.results())) {
    const Variable variable = variable_read_by(*node);
    const auto same = [&](const Variable& other) { return other.is(variable); };
    if (variable.defined() && std::none_of(variables.begin(), variables.end(), same))
      variables.push_back(variable);
  }
  const Arrays values = values_of(variables);
  for (std::size_t i = 0; i < variables.size(); ++i) {
    auto found = fault_in(values[i], {});
    if (!found) continue;
    found->origin = NonFinite::Origin::variable;
    found->made = variables[i].text();
    return found;
  }
  return std::nullopt;
}

std::string name_of_nonfinite(double value) {
  if (std::isnan(value)) return "NaN";
  return value < 0 ? "-infinity" : "infinity";
}

}  // namespace

std::string NonFinite::text() const {
  const std::string at = fmt::format("{} at [{}]", name_of_nonfinite(value), fmt::join(element, ", "));
  if (origin == Origin::argument) return fmt::format("argument {}, {}, holds {}", argument, spec.text(), at);
  if (origin == Origin::variable) return fmt::format("the Variable {} holds {}", made, at);
  std::vector<detail::LoopPlace> places;
  for (std::size_t i = 0; i < steps.size(); ++i) places.push_back({steps[i], scans[i]});
  return fmt::format("the first value that is not finite is {} of {}, the result of '{}'{}{}{}", at,
                     spec.text(), op, where.caller == nullptr ? "" : fmt::format(" in {}", where.caller),
                     where.of_user() ? fmt::format(" ({})", where.text()) : "",
                     places.empty() ? "" : ", in " + detail::text_of(places));
}

std::optional<NonFinite> find_nonfinite(const Program& program, const Tensors& arguments, Location where) {
  const detail::Call call("find_nonfinite", where);
  Arrays values;
  for (const Tensor& argument : arguments) values.push_back(evaluate(argument).value());
  const Interpreter interpreter(program.traced());
  if (auto found = fault_in_arguments(values)) return found;
  if (auto found = fault_in_variables(program.traced())) return found;
  try {
    NonFiniteFinder finder;
    interpreter.run(values);
  } catch (FirstNonFinite& found) {
    return std::move(found.what);
  }
  return std::nullopt;
}

}  // namespace sluice
