#include <fmt/format.h>
#include <sluice/data/progress.h>
#include <sluice/text/escape.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "progress.h"
#include "saved.h"
#include "text_source.h"

namespace lm {
namespace {

using nlohmann::ordered_json;

template <class Settings>
ordered_json object_of(const Settings& settings) {
  ordered_json object = ordered_json::object();
  Settings::each(settings, [&](const char* name, const auto& value, const char*) { object[name] = value; });
  return object;
}

/// The number of parameters of each module, by the beginning of their names: "embed", "rnn.0", "head".
ordered_json parameters_by_module(const sluice::io::Checkpoint& checkpoint) {
  constexpr std::string_view prefix = "model.";
  ordered_json modules = ordered_json::object();
  std::int64_t all = 0;
  for (const auto& [name, array] : checkpoint.arrays) {
    if (!name.starts_with(prefix)) continue;
    const std::string own = name.substr(prefix.size());
    const std::string module = own.substr(0, own.rfind('.'));
    modules[module] = modules.value(module, std::int64_t{0}) + array.shape().size();
    all += array.shape().size();
  }
  modules["all"] = all;
  return modules;
}

/// Where the training stands, in words.
std::string standing(const Saved& saved) {
  const TrainingState& state = saved.state;
  std::string text =
      fmt::format("step {}, {} epoch{} and {} windows, {}", state.step, state.epoch,
                  state.epoch == 1 ? "" : "s", state.window, sluice::data::duration_text(state.seconds));
  if (state.validation >= 0)
    text += fmt::format("; validation {:.4f} nats a {} at step {}", state.validation,
                        singular_of(saved.vocabulary.kind()), state.measured);
  if (std::isfinite(saved.best())) text += fmt::format(", the best {:.4f}", saved.best());
  if (saved.is_exported()) text += "; exported: the model without its training";
  return text;
}

ordered_json describe(const std::string& path, const Saved& saved) {
  ordered_json all{{"standing", standing(saved)},
                   {"bytes", std::filesystem::file_size(path)},
                   {"parameters", parameters_by_module(saved.checkpoint)},
                   {"vocabulary_size", saved.vocabulary.size()},
                   {"model", object_of(saved.plan.model)},
                   {"train", object_of(saved.plan.train)},
                   {"budget", object_of(saved.plan.budget)},
                   {"text", object_of(saved.plan.text)},
                   {"state", object_of(saved.state)}};
  if (std::isfinite(saved.best())) all["best_validation_nats"] = saved.best();
  all["exported"] = saved.is_exported();
  all["format"] = saved.checkpoint.format;
  all["library_version"] = saved.checkpoint.library_version;
  return all;
}

void print_vocabulary(const sluice::text::Vocabulary& vocabulary) {
  for (std::size_t id = 0; id < vocabulary.size(); ++id) {
    const ordered_json token = vocabulary.token(static_cast<std::int32_t>(id));
    fmt::print("{:>7}  {}\n", id,
               sluice::text::visible(token.dump(-1, ' ', false, ordered_json::error_handler_t::replace)));
  }
}

/// A value in a line. The names of many files would fill pages.
std::string brief(const ordered_json& value) {
  constexpr std::size_t most = 3;
  if (!value.is_array() || value.size() <= most)
    return value.is_string() ? value.get<std::string>() : value.dump();
  return fmt::format("{} and {} more", value.front().dump(), value.size() - 1);
}

}  // namespace

int info(const InfoCommand& c) {
  const Saved saved = open_saved(c.model);
  if (c.vocabulary) {
    print_vocabulary(saved.vocabulary);
    return 0;
  }
  const ordered_json all = describe(c.model, saved);
  if (c.json) {
    fmt::print("{}\n", all.dump());
    return 0;
  }
  for (const auto& [name, value] : all.items()) {
    if (!value.is_object()) {
      fmt::print("{:<22}{}\n", name, brief(value));
      continue;
    }
    fmt::print("{}\n", name);
    for (const auto& [member, inner] : value.items())
      fmt::print("  {:<20}{}\n", member, inner.is_array() ? brief(inner) : inner.dump());
  }
  return 0;
}

}  // namespace lm
