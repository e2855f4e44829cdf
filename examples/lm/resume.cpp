#include "resume.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "optimizer.h"

namespace lm {
namespace {

using nlohmann::json;

/// Settings that stay what they were, and why.
struct Fixed {
  std::string_view name;
  std::string_view why;
};
constexpr std::string_view shapes = "it decides which parameters the model has";
constexpr std::array<Fixed, 12> fixed{{
    {"tokens", "it decides what the model's numbers stand for"},
    {"vocabulary", "it decides what the model's numbers stand for"},
    {"cell", shapes},
    {"layers", shapes},
    {"hidden", shapes},
    {"embed", shapes},
    {"tie", shapes},
    {"softmax", shapes},
    {"init-range", "the first weights are long past"},
    {"optimizer", "what the saved one remembers means nothing to another"},
    {"validation", "text that was held out would be trained on, or the reverse"},
    {"seed", "random numbers go on from where they were"},
}};

bool any_given(const TrainCommand& c, std::initializer_list<std::string_view> options) {
  return std::any_of(options.begin(), options.end(), [&](auto option) { return c.is_given(option); });
}

std::string shown(const json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

/// Takes the settings that the command gives; adds the names of those that are new to `changed`.
template <class Settings>
void take_given(const TrainCommand& c, const Settings& wanted, Settings& settings,
                std::vector<std::string>& changed) {
  const json now = json::parse(to_text(wanted));
  json all = json::parse(to_text(settings));
  for (const std::string& name : c.given) {
    if (!now.contains(name) || now.at(name) == all.at(name)) continue;
    const auto rule =
        std::find_if(fixed.begin(), fixed.end(), [&](const Fixed& f) { return f.name == name; });
    if (rule != fixed.end()) {
      throw UserError(fmt::format(
          "--{} {} is not what this training began with ({}) and cannot change, since {}: leave --{} out, or "
          "start a new one without --resume",
          name, shown(now.at(name)), shown(all.at(name)), rule->why, name));
    }
    all[name] = now.at(name);
    changed.push_back(name);
  }
  settings = from_text<Settings>(all.dump());
}

}  // namespace

Resumption resumption(const TrainCommand& c, const Saved& saved) {
  Resumption result{saved.plan, {}};
  std::vector<std::string> changed;
  // What leaves the choice to the program is what it has chosen.
  ModelSettings model = c.model;
  if (model.softmax == "auto") model.softmax = saved.plan.model.softmax;
  if (model.embed == 0) model.embed = saved.plan.model.embed;
  TrainSettings train = c.train;
  if (train.lr == 0) train.lr = default_rate(saved.plan.train.optimizer);
  take_given(c, model, result.plan.model, changed);
  take_given(c, train, result.plan.train, changed);
  if (any_given(c, {"epochs", "steps", "minutes"})) result.plan.budget = c.budget;
  resolve(result.plan.model);
  resolve(result.plan.train);
  resolve(result.plan.budget);
  const auto has_changed = [&](std::string_view name) {
    return std::find(changed.begin(), changed.end(), name) != changed.end();
  };
  result.changes.windows = has_changed("batch") || has_changed("length");
  result.changes.schedule = has_changed("lr") || has_changed("schedule") || has_changed("final-lr") ||
                            has_changed("decay") || has_changed("decay-after") || has_changed("warmup");
  return result;
}

}  // namespace lm
