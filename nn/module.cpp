#include <sluice/nn/module.h>

#include <fmt/format.h>

namespace sluice::nn {

Members::Members(NamedVariables& found) : collected_(std::make_shared<Collected>(Collected{found, {}, {}})) {}

Members::Members(std::shared_ptr<Collected> collected, std::string prefix)
    : collected_(std::move(collected)), prefix_(std::move(prefix)) {}

Members Members::within(std::string_view name) const {
  if (name.empty()) {
    throw Error(fmt::format(
        "[members] a member needs a name: got an empty one inside '{}'; name it in members()", prefix_));
  }
  return {collected_, fmt::format("{}{}.", prefix_, name)};
}

void Members::operator()(std::string_view name, const Variable& variable) const {
  std::string path = within(name).prefix_;
  path.pop_back();
  if (!variable.defined()) {
    throw Error(
        fmt::format("[members] a member has a value: Variable '{}' has none; give it one in the constructor, "
                    "or list it only where it is defined",
                    path));
  }
  if (!collected_->names.insert(path).second) {
    throw Error(fmt::format(
        "[members] every Variable has a name of its own: '{}' is used twice; rename one of them", path));
  }
  if (!collected_->slots.insert(variable.slot().get()).second) return;
  collected_->found.push_back({std::move(path), variable});
}

void Members::operator()(std::string_view name, const Module& module) const { module.members(within(name)); }

NamedVariables Module::variables() const {
  NamedVariables found;
  members(Members(found));
  return found;
}

Index Module::count() const {
  Index total = 0;
  for (const NamedVariable& named : variables()) total += named.variable.size();
  return total;
}

NamedVariables variables(std::initializer_list<NamedModule> modules) {
  NamedVariables found;
  const Members members(found);
  for (const NamedModule& named : modules) members(named.name, named.module);
  return found;
}

}  // namespace sluice::nn
