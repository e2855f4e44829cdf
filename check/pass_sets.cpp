#include <sluice/check/pass_sets.h>

#include <random>
#include <set>
#include <vector>

namespace sluice::detail {

namespace {

/// Passes and switches, each once.
std::vector<std::string> pass_names() {
  std::set<std::string> names;
  for (const Pass& pass : graph_passes()) names.emplace(pass.name);
  for (const std::string_view name : lowering_switches()) names.emplace(name);
  return {names.begin(), names.end()};
}

}  // namespace

NamedSet set_of(unsigned seed) {
  static const std::vector<std::string> names = pass_names();
  const std::size_t number = seed / 2 % (2 * names.size() + 1);
  if (seed % 2 == 1) {
    std::mt19937 random(seed);
    NamedSet some{"", PassSet::none()};
    std::vector<std::string> chosen;
    for (const std::string& name : names) {
      if (random() % 2 == 0) continue;
      chosen.push_back(name);
      some.name += (some.name.empty() ? "" : ",") + name;
    }
    some.set = PassSet::only(chosen);
    return some;
  }
  if (number == 2 * names.size()) return {"none", PassSet::none()};
  const std::string& name = names[number / 2];
  if (number % 2 == 0) return {name, PassSet::only({name})};
  return {"-" + name, PassSet::without({name})};
}

}  // namespace sluice::detail
