#include <sluice/graph/error.h>
#include <sluice/io/checkpoint.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>
#include <utility>
#include <vector>

namespace sluice::io {
namespace {

/// Throws the complaints, one per line, after an introductory sentence.
void throw_if_any(const std::vector<std::string>& complaints) {
  if (complaints.empty()) return;
  throw Error(fmt::format(
      "[restore] the checkpoint and the Variables must fit; nothing was changed, {} do{} not:\n  {}",
      complaints.size(), complaints.size() == 1 ? "es" : "", fmt::join(complaints, "\n  ")));
}

/// Shows the first names of both sides, from which the right prefix can be guessed.
[[noreturn]] void throw_nothing_restored(const Checkpoint& checkpoint, const NamedVariables& variables,
                                         const RestoreOptions& options) {
  throw Error(fmt::format(
      "[restore] at least one Variable must get a value, and none has: got {} Variables, the first named "
      "'{}', with the "
      "prefix '{}', and {} arrays{}; correct the prefix",
      variables.size(), variables.front().name, options.prefix, checkpoint.arrays.size(),
      checkpoint.arrays.empty() ? ""
                                : fmt::format(", the first named '{}'", checkpoint.arrays.begin()->first)));
}

bool same_values(const Array& a, const Array& b) {
  return a.spec() == b.spec() && (a.bytes() == 0 || std::memcmp(a.data(), b.data(), a.bytes()) == 0);
}

}  // namespace

const std::string& Checkpoint::text(const std::string& name, Location where) const {
  const sluice::detail::Call call(where);
  if (const auto found = texts.find(name); found != texts.end()) return found->second;
  std::vector<std::string> names;
  names.reserve(texts.size());
  for (const auto& [known, text] : texts) names.push_back("'" + known + "'");
  throw Error(fmt::format(
      "[checkpoint] a text is there under its name: got '{}', and there are: {}; ask for one of these", name,
      names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
}

Checkpoint collect(const NamedVariables& variables, std::map<std::string, std::string> texts,
                   Location where) {
  const sluice::detail::Call call(where);
  Checkpoint checkpoint;
  checkpoint.texts = std::move(texts);
  std::vector<Variable> all;
  for (const auto& [name, variable] : variables) {
    if (!variable.defined())
      throw Error(fmt::format("[collect] a Variable has a value: got '{}' without one; give it one", name));
    all.push_back(variable);
  }
  const Arrays values = values_of(all);  // of one moment, even if a program is training
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!checkpoint.arrays.emplace(variables[i].name, values[i]).second) {
      throw Error(fmt::format("[collect] every Variable has a name of its own: got '{}' twice; rename one",
                              variables[i].name));
    }
  }
  return checkpoint;
}

std::vector<std::string> restore(const Checkpoint& checkpoint, const NamedVariables& variables,
                                 const RestoreOptions& options, Location where) {
  const sluice::detail::Call call(where);
  std::vector<std::string> complaints;
  std::vector<std::string> restored;
  std::vector<Variable> targets;
  Arrays values;
  std::map<std::string, const Variable*> taken;  // maps an array to the Variable that takes it
  std::map<const detail::Slot*, const std::string*>
      name_of_slot;  // a tied weight has one slot and several names
  for (const auto& [own, variable] : variables) {
    const std::string name = options.prefix + own;
    if (!variable.defined()) {
      complaints.push_back(fmt::format("'{}' is an undefined Variable; give it a value first", name));
      continue;
    }
    if (!taken.emplace(name, &variable).second) {
      complaints.push_back(fmt::format("'{}' is the name of two Variables; rename one", name));
      continue;
    }
    const auto found = checkpoint.arrays.find(name);
    if (found == checkpoint.arrays.end()) {
      if (!options.allow_missing) {
        complaints.push_back(
            fmt::format("'{}' {} is missing in the checkpoint", name, variable.spec().text()));
      }
      continue;
    }
    const Array& array = found->second;
    if (!array.defined() || !(array.spec() == variable.spec())) {
      complaints.push_back(fmt::format("'{}' is {} in the checkpoint, but the Variable is {}", name,
                                       array.defined() ? array.spec().text() : "undefined",
                                       variable.spec().text()));
      continue;
    }
    const auto [other, first] = name_of_slot.emplace(variable.slot().get(), &found->first);
    if (!first && !same_values(array, checkpoint.arrays.at(*other->second))) {
      complaints.push_back(
          fmt::format("'{}' and '{}' are the same Variable, but have different values in the checkpoint",
                      name, *other->second));
    }
    restored.push_back(own);
    targets.push_back(variable);
    values.push_back(array);
  }
  if (!options.allow_unknown) {
    for (const auto& [name, array] : checkpoint.arrays) {
      if (!name.starts_with(options.prefix) || taken.count(name) > 0) continue;
      complaints.push_back(fmt::format("'{}' {} in the checkpoint is no Variable's name", name,
                                       array.defined() ? array.spec().text() : "(undefined)"));
    }
  }
  throw_if_any(complaints);
  if (values.empty() && !variables.empty()) throw_nothing_restored(checkpoint, variables, options);
  set_values(targets, values);  // all at one moment, even if a program is running
  return restored;
}

}  // namespace sluice::io
