#include <sluice/graph/members.h>

#include <fmt/format.h>

#include <utility>

namespace sluice {

Members::Members(NamedVariables& found, detail::MemberVisitor* visitor)
    : collected_(std::make_shared<Collected>(Collected{found, {}, {}, visitor})) {}

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

void Members::operator()(std::string_view name, const Variable& variable, Location where) const {
  const detail::Call call("members", where);
  std::string path = within(name).prefix_;
  path.pop_back();
  if (!variable.defined()) {
    throw Error(
        fmt::format("[members] a member has a value: got Variable '{}', which has none; give it one in the "
                    "constructor, list it only where it is defined, or use the module that it was moved to",
                    path));
  }
  if (collected_->visitor != nullptr) collected_->visitor->variable(path, variable);
  if (!collected_->names.insert(path).second) {
    throw Error(fmt::format(
        "[members] every Variable has a name of its own: got '{}' twice; rename one of them", path));
  }
  if (!collected_->slots.insert(variable.slot().get()).second) return;
  collected_->found.push_back({std::move(path), variable});
}

void Members::operator()(std::string_view name, const NamedVariables& variables, Location where) const {
  const detail::Call call("members", where);
  const Members inside = within(name);
  for (const NamedVariable& named : variables) inside(named.name, named.variable, Location{});
}

}  // namespace sluice
