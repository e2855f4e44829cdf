#include <sluice/graph/error.h>
#include <sluice/io/checkpoint.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>
#include <utility>
#include <vector>

namespace sluice::io {
namespace {

/// What does not fit, one line each, and the sentence in front of it.
void throw_if_any(const std::vector<std::string>& complaints) {
  if (complaints.empty()) return;
  throw Error(fmt::format(
      "[restore] the checkpoint and the Variables must fit; nothing was changed, {} do{} not:\n  {}",
      complaints.size(), complaints.size() == 1 ? "es" : "", fmt::join(complaints, "\n  ")));
}

bool same_values(const Array& a, const Array& b) {
  return a.spec() == b.spec() && (a.bytes() == 0 || std::memcmp(a.data(), b.data(), a.bytes()) == 0);
}

}  // namespace

const std::string& Checkpoint::text(const std::string& name) const {
  if (const auto found = texts.find(name); found != texts.end()) return found->second;
  std::vector<std::string> names;
  names.reserve(texts.size());
  for (const auto& [known, text] : texts) names.push_back("'" + known + "'");
  throw Error(fmt::format("[checkpoint] there is no text '{}'; there are: {}", name,
                          names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
}

Checkpoint collect(const NamedVariables& variables, std::map<std::string, std::string> texts) {
  Checkpoint checkpoint;
  checkpoint.texts = std::move(texts);
  for (const auto& [name, variable] : variables) {
    if (!variable.defined())
      throw Error(fmt::format("[collect] the Variable '{}' is undefined; give it a value", name));
    const Tensor value = variable.value();
    if (!checkpoint.arrays.emplace(name, value.value()).second) {
      throw Error(fmt::format("[collect] two Variables have the name '{}'; rename one", name));
    }
  }
  return checkpoint;
}

void restore(const Checkpoint& checkpoint, const NamedVariables& variables, const RestoreOptions& options) {
  std::vector<std::string> complaints;
  std::vector<std::pair<Variable, Array>> values;
  std::map<std::string, const Variable*> taken;  // array -> the Variable that takes it
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
    values.emplace_back(variable, array);
  }
  if (!options.allow_unknown) {
    for (const auto& [name, array] : checkpoint.arrays) {
      if (!name.starts_with(options.prefix) || taken.count(name) > 0) continue;
      complaints.push_back(fmt::format("'{}' {} in the checkpoint is no Variable's name", name,
                                       array.defined() ? array.spec().text() : "(undefined)"));
    }
  }
  throw_if_any(complaints);
  for (const auto& [variable, array] : values) variable.set(array);
}

}  // namespace sluice::io
