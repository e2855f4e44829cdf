#include "settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "model.h"
#include "optimizer.h"
#include "text_source.h"
#include "training_state.h"

namespace lm {
namespace {

using nlohmann::json;

void require(bool holds, std::string_view option, std::string_view rule, const std::string& value) {
  if (!holds) throw UserError(fmt::format("--{} {}: got {}", option, rule, value));
}
template <class T>
void require_between(std::string_view option, T value, T low, T high) {
  const bool holds = value >= low && value <= high;  // false for NaN
  require(holds, option, fmt::format("is a number from {} to {}", low, high), fmt::format("{}", value));
}
/// [0, 1)
void require_share(std::string_view option, double value) {
  require(value >= 0 && value < 1, option, "is at least 0 and below 1", fmt::format("{}", value));
}
void require_one_of(std::string_view option, const std::string& value,
                    const std::vector<std::string_view>& names) {
  require(std::find(names.begin(), names.end(), value) != names.end(), option,
          fmt::format("is one of {}", fmt::join(names, ", ")), value);
}

/// Whether JSON has a value of this type. All integer settings are counts. The JSON library itself would
/// convert fractions, booleans and numbers out of range.
template <class T>
bool holds(const json& value) {
  if constexpr (std::is_same_v<T, bool>) return value.is_boolean();
  if constexpr (std::is_same_v<T, double>) return value.is_number();
  if constexpr (std::is_same_v<T, std::string>) return value.is_string();
  if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    return value.is_array() &&
           std::all_of(value.begin(), value.end(), [](const json& each) { return each.is_string(); });
  }
  constexpr std::uint64_t largest = std::uint64_t{1} << 62;
  return value.is_number_unsigned() && value.get<std::uint64_t>() <= largest;
}

constexpr std::int64_t largest_size = 1 << 16;
constexpr std::int64_t largest_count = std::int64_t{1} << 40;

}  // namespace

void resolve(ModelSettings& s) {
  require_one_of("tokens", s.tokens, {"char", "byte", "word"});
  require_one_of("cell", s.cell, cell_names());
  require_one_of("softmax", s.softmax, {"auto", "full", "adaptive"});
  require_between<std::int64_t>("vocabulary", s.vocabulary, 2, 1 << 24);
  require_between<std::int64_t>("layers", s.layers, 1, 1000);
  require_between<std::int64_t>("hidden", s.hidden, 1, largest_size);
  require_between<std::int64_t>("embed", s.embed, 0, largest_size);
  require_share("dropout", s.dropout);
  require_between("init-range", s.init_range, 0., 1e3);
  if (s.embed == 0) s.embed = s.hidden;
  if (s.tie && s.embed != s.hidden) {
    throw UserError(
        fmt::format("--tie shares one matrix, so --embed ({}) must be --hidden ({})", s.embed, s.hidden));
  }
  if (s.tie && s.softmax == "adaptive")
    throw UserError("--tie shares one matrix with the output layer, and --softmax adaptive has several");
}

void resolve(TrainSettings& s) {
  require_between<std::int64_t>("batch", s.batch, 1, largest_size);
  require_between<std::int64_t>("length", s.length, 1, largest_size);
  require_one_of("optimizer", s.optimizer, optimizer_names());
  require_one_of("schedule", s.schedule, schedule_names());
  require_between("lr", s.lr, 0., 1e6);
  require_between("final-lr", s.final_lr, 0., 1.);
  require_share("decay", s.decay);
  require_between<std::int64_t>("decay-after", s.decay_after, 0, largest_count);
  require_between<std::int64_t>("warmup", s.warmup, 0, largest_count);
  require_between("clip", s.clip, 0., 1e9);
  require_between("weight-decay", s.weight_decay, 0., 1e6);
  require_share("validation", s.validation);
  require_between<std::int64_t>("patience", s.patience, 0, largest_count);
  require_between<std::int64_t>("seed", s.seed, 0, std::int64_t{1} << 62);
  if (s.lr == 0) s.lr = default_rate(s.optimizer);
  if (s.validation == 0 && s.patience > 0)
    throw UserError("--patience needs a validation loss: --validation is 0");
  if (s.validation == 0 && s.schedule == "plateau") {
    throw UserError("--schedule plateau needs a validation loss: --validation is 0");
  }
}

void resolve(Budget& s) {
  require_between<std::int64_t>("epochs", s.epochs, 0, largest_count);
  require_between<std::int64_t>("steps", s.steps, 0, largest_count);
  require_between("minutes", s.minutes, 0., 1e9);
  const int set = int{s.epochs > 0} + int{s.steps > 0} + int{s.minutes > 0};
  if (set > 1) throw UserError("say one of --epochs, --steps and --minutes");
  if (set == 0) s.epochs = 3;
}

template <class Settings>
std::string to_text(const Settings& settings) {
  json object = json::object();
  Settings::each(settings, [&](const char* name, const auto& value, const char*) { object[name] = value; });
  // Names of files may hold any bytes.
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

template <class Settings>
Settings from_text(const std::string& text) {
  Settings settings;
  const json object = json::parse(text, nullptr, false);
  Settings::each(settings, [&]<class T>(const char* name, T& value, const char*) {
    const auto found = object.find(name);  // also the end if it is not an object
    if (found == object.end() || !holds<T>(*found)) {
      throw UserError(fmt::format("the checkpoint's settings have no valid \"{}\"", name));
    }
    found->get_to(value);
  });
  return settings;
}

// All types of settings.
template std::string to_text(const ModelSettings&);
template std::string to_text(const TrainSettings&);
template std::string to_text(const Budget&);
template std::string to_text(const TextIdentity&);
template std::string to_text(const TrainingState&);
template ModelSettings from_text(const std::string&);
template TrainSettings from_text(const std::string&);
template Budget from_text(const std::string&);
template TextIdentity from_text(const std::string&);
template TrainingState from_text(const std::string&);

}  // namespace lm
