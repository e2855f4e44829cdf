#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "commands.h"
#include "text_source.h"
#include "training.h"

namespace lm {
namespace {

using nlohmann::ordered_json;

std::int64_t count_values(const sluice::io::Checkpoint& checkpoint, std::string_view prefix) {
  std::int64_t count = 0;
  for (const auto& [name, array] : checkpoint.arrays) {
    if (name.starts_with(prefix)) count += array.shape().size();
  }
  return count;
}

template <class Settings>
ordered_json object_of(const Settings& settings) {
  ordered_json object = ordered_json::object();
  Settings::each(settings, [&](const char* name, const auto& value, const char*) { object[name] = value; });
  return object;
}

ordered_json describe(const Saved& saved) {
  const auto text = object_of(saved.plan.text);
  return {{"parameters", count_values(saved.checkpoint, "model.")},
          {"vocabulary_size", saved.vocabulary.size()},
          {"model", object_of(saved.plan.model)},
          {"train", object_of(saved.plan.train)},
          {"budget", object_of(saved.plan.budget)},
          {"text", text},
          {"state", object_of(saved.state)},
          {"arrays", saved.checkpoint.arrays.size()},
          {"values", count_values(saved.checkpoint, "")},
          {"format", saved.checkpoint.format},
          {"library_version", saved.checkpoint.library_version}};
}

}  // namespace

int info(const InfoCommand& c) {
  const Saved saved = open_saved(c.model);
  const ordered_json all = describe(saved);
  if (c.json) {
    fmt::print("{}\n", all.dump());
    return 0;
  }
  for (const auto& [name, value] : all.items()) {
    if (!value.is_object()) {
      fmt::print("{:<20}{}\n", name, value.dump());
      continue;
    }
    fmt::print("{}\n", name);
    for (const auto& [member, inner] : value.items()) fmt::print("  {:<18}{}\n", member, inner.dump());
  }
  return 0;
}

}  // namespace lm
