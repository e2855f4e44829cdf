#include <sluice/nn/functional.h>

#include <fmt/format.h>

namespace sluice::nn::detail {

Tensors with_values_of(const Module& model, const Tensors& values, const std::function<Tensors()>& function) {
  const NamedVariables variables = model.variables();
  if (variables.size() != values.size()) {
    throw ShapeError(
        fmt::format("[functional] takes one value per Variable: got {} values for {} Variables; pass them in "
                    "the order of variables()",
                    values.size(), variables.size()));
  }
  std::vector<Variable> handles;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto& [name, variable] = variables[i];
    handles.push_back(variable);
    if (values[i].defined() && values[i].spec() == variable.spec()) continue;
    throw ShapeError(fmt::format(
        "[functional] a value has the shape and dtype of its Variable: got {} for '{}', {}; "
        "pass the values in the order of variables()",
        values[i].defined() ? values[i].spec().text() : "an undefined Tensor", name, variable.spec().text()));
  }
  return with_values(handles, values, function);
}

}  // namespace sluice::nn::detail
