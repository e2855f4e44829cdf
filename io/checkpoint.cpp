#include <sluice/graph/call.h>
#include <sluice/graph/error.h>
#include <sluice/io/checkpoint.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>
#include <vector>

namespace sluice::io {

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

Checkpoint collect(const Parts& parts, std::map<std::string, std::string> texts, Location where) {
  const sluice::detail::Call call(where);
  const NamedVariables& variables = parts.variables();
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

}  // namespace sluice::io
