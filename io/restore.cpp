#include <sluice/graph/call.h>
#include <sluice/graph/error.h>
#include <sluice/io/checkpoint.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::io {
namespace {

/// What does not fit, a line each, and the options that would allow it.
struct Complaints {
  std::vector<std::string> lines;
  std::set<std::string_view> options;

  void add(std::string line) { lines.push_back(std::move(line)); }
  void add(std::string line, std::string_view option) {
    add(std::move(line));
    options.insert(option);
  }

  void throw_if_any() const {
    if (lines.empty()) return;
    const std::string advice =
        options.empty() ? ""
                        : fmt::format("\nto restore the rest alone, name these in .except, or set {}",
                                      fmt::join(options, " and "));
    throw Error(fmt::format(
        "[restore] the checkpoint and the Variables must fit; nothing was changed, {} do{} not:\n  {}{}",
        lines.size(), lines.size() == 1 ? "es" : "", fmt::join(lines, "\n  "), advice));
  }
};

/// The names in RestoreOptions::except, and whether they are any.
class Exceptions {
 public:
  explicit Exceptions(const std::vector<std::string>& names) {
    for (const std::string& name : names) entries_.push_back({name, false});
  }

  bool cover(std::string_view name) {
    bool covered = false;
    for (auto& [entry, used] : entries_) {
      const std::string_view whole = entry.ends_with('.') ? entry.substr(0, entry.size() - 1) : entry;
      if (!name.starts_with(whole) || (name.size() > whole.size() && name[whole.size()] != '.')) continue;
      covered = used = true;
    }
    return covered;
  }

  void require_used(Complaints& complaints) const {
    for (const auto& [entry, used] : entries_) {
      if (used) continue;
      complaints.add(fmt::format(
          "'{}' in .except names no Variable and no array, whole or up to a dot; correct it", entry));
    }
  }

 private:
  std::vector<std::pair<std::string_view, bool>> entries_;
};

/// Shows the first names of both sides, from which the right prefix can be guessed.
[[noreturn]] void throw_nothing_restored(const Checkpoint& checkpoint, const Restored& result,
                                         const RestoreOptions& options) {
  throw Error(fmt::format(
      "[restore] at least one Variable must get a value, and none has: got {} Variables, the first named "
      "'{}' ({}), with the prefix '{}', and {} arrays{}; correct the prefix{}",
      result.skipped.size(), result.skipped.front().name, result.skipped.front().why, options.prefix,
      checkpoint.arrays.size(),
      checkpoint.arrays.empty() ? ""
                                : fmt::format(", the first named '{}'", checkpoint.arrays.begin()->first),
      options.except.empty() ? "" : ", or except less"));
}

bool same_values(const Array& a, const Array& b) {
  return a.spec() == b.spec() && (a.bytes() == 0 || std::memcmp(a.data(), b.data(), a.bytes()) == 0);
}

std::string text_of(const Array& array) { return array.defined() ? array.spec().text() : "undefined"; }

}  // namespace

Restored restore(const Checkpoint& checkpoint, const Parts& parts, const RestoreOptions& options,
                 Location where) {
  const sluice::detail::Call call(where);
  Complaints complaints;
  Exceptions except(options.except);
  Restored result;
  std::vector<Variable> targets;
  Arrays values;
  std::set<std::string> taken;  // names of arrays that belong to a Variable
  std::map<const detail::Slot*, const std::string*>
      name_of_slot;  // a tied weight has one slot and several names
  for (const auto& [own, variable] : parts.variables()) {
    const std::string name = options.prefix + own;
    if (!variable.defined()) {
      complaints.add(fmt::format("'{}' is an undefined Variable; give it a value first", name));
      continue;
    }
    if (!taken.insert(name).second) {
      complaints.add(fmt::format("'{}' is the name of two Variables; rename one", name));
      continue;
    }
    if (except.cover(own)) {
      result.skipped.push_back({own, "it is in .except"});
      continue;
    }
    const auto found = checkpoint.arrays.find(name);
    if (found == checkpoint.arrays.end()) {
      result.skipped.push_back({own, "the checkpoint has no array of this name"});
      if (!options.allow_missing) {
        complaints.add(fmt::format("'{}' {} is missing in the checkpoint", name, variable.spec().text()),
                       ".allow_missing");
      }
      continue;
    }
    const Array& array = found->second;
    if (!array.defined() || !(array.spec() == variable.spec())) {
      const std::string spec = variable.spec().text();
      result.skipped.push_back({own, fmt::format("it is {} and the array {}", spec, text_of(array))});
      if (!options.allow_mismatch) {
        complaints.add(
            fmt::format("'{}' is {} in the checkpoint, but the Variable is {}", name, text_of(array), spec),
            ".allow_mismatch");
      }
      continue;
    }
    const auto [other, first] = name_of_slot.emplace(variable.slot().get(), &found->first);
    if (!first && !same_values(array, checkpoint.arrays.at(*other->second))) {
      complaints.add(
          fmt::format("'{}' and '{}' are the same Variable, but have different values in the checkpoint",
                      name, *other->second));
    }
    result.restored.push_back(own);
    targets.push_back(variable);
    values.push_back(array);
  }
  for (const auto& [name, array] : checkpoint.arrays) {
    if (!name.starts_with(options.prefix) || taken.count(name) > 0) continue;
    if (except.cover(std::string_view(name).substr(options.prefix.size())) || options.allow_unknown) continue;
    complaints.add(fmt::format("'{}' {} in the checkpoint is no Variable's name", name, text_of(array)),
                   ".allow_unknown");
  }
  except.require_used(complaints);
  complaints.throw_if_any();
  if (values.empty() && !parts.variables().empty()) throw_nothing_restored(checkpoint, result, options);
  set_values(targets, values);  // all at one moment, even if a program is running
  return result;
}

}  // namespace sluice::io
