#include <sluice/graph/version.h>
#include <sluice/nn/module.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice::nn {

NamedVariables Module::variables(Location where) const {
  const sluice::detail::Call call("variables", where);
  NamedVariables found;
  members(Members(found));
  return found;
}

Index Module::count(Location where) const {
  const sluice::detail::Call call("count", where);
  Index total = 0;
  for (const NamedVariable& named : variables()) total += named.variable.size();
  return total;
}

std::string detail::moved_from(std::string_view who) {
  return fmt::format(
      "[{}] this module has been moved from: got a call of what is left; use the module that it "
      "was moved to, or copy it, which shares its Variables",
      who);
}

void detail::require_made(std::string_view who, const Variable& variable) {
  if (!variable.defined()) throw Error(moved_from(who));
}

NamedVariables variables(std::initializer_list<NamedModule> modules, Location where) {
  const sluice::detail::Call call("variables", where);
  NamedVariables found;
  const Members members(found);
  for (const NamedModule& named : modules) members(named.name, named.module);
  return found;
}

NamedVariables unlisted(const NamedVariables& listed, const Tensor& loss, Location where) {
  const sluice::detail::Call call("unlisted", where);
  NamedVariables found;
  for (const Variable& variable : variables_of({loss})) {
    const bool known = std::any_of(listed.begin(), listed.end(),
                                   [&](const NamedVariable& named) { return named.variable.is(variable); });
    if (!known) found.push_back({variable.text(), variable});
  }
  return found;
}

NamedVariables unlisted(const Module& model, const Tensor& loss, Location where) {
  const sluice::detail::Call call("unlisted", where);
  return unlisted(model.variables(), loss);
}

}  // namespace sluice::nn
