#include <sluice/graph/version.h>
#include <sluice/nn/module.h>
#include <sluice/nn/replacement.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice::nn {

Members::Members(NamedVariables& found) : collected_(std::make_shared<Collected>(Collected{found, {}, {}})) {}

Members::Members(std::shared_ptr<Collected> collected, std::string prefix)
    : collected_(std::move(collected)), prefix_(std::move(prefix)) {}

void Members::missing(std::string_view name) const {
  throw Error(
      fmt::format("[members] a member is there: got a null pointer for '{}{}'; make it in the "
                  "constructor, or list it only where there is one",
                  prefix_, name));
}

Members Members::within(std::string_view name) const {
  if (name.empty()) {
    throw Error(fmt::format(
        "[members] a member needs a name: got an empty one inside '{}'; name it in members()", prefix_));
  }
  return {collected_, fmt::format("{}{}.", prefix_, name)};
}

bool Members::in_copy() const {
  return collected_->replacement != nullptr && collected_->replacement->in_copy();
}

std::shared_ptr<Module> Members::replaced(std::string_view name, const Module& module,
                                          const std::function<std::shared_ptr<Module>()>& copy) const {
  return collected_->replacement->part(prefix_ + std::string(name), module, copy);
}

void Members::operator()(std::string_view name, const Variable& variable, Location where) const {
  const sluice::detail::Call call("members", where);
  std::string path = within(name).prefix_;
  path.pop_back();
  if (!variable.defined()) {
    throw Error(
        fmt::format("[members] a member has a value: got Variable '{}', which has none; give it one in the "
                    "constructor, list it only where it is defined, or use the module that it was moved to",
                    path));
  }
  if (collected_->replacement != nullptr) collected_->replacement->variable(path, variable);
  if (!collected_->names.insert(path).second) {
    throw Error(fmt::format(
        "[members] every Variable has a name of its own: got '{}' twice; rename one of them", path));
  }
  if (!collected_->slots.insert(variable.slot().get()).second) return;
  collected_->found.push_back({std::move(path), variable});
}

void Members::operator()(std::string_view name, const Module& module, Location where) const {
  const sluice::detail::Call call("members", where);
  module.members(within(name));
}

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
