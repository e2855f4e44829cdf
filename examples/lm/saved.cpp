#include "saved.h"

#include <fmt/format.h>
#include <sluice/graph/error.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <system_error>

namespace lm {
namespace {

namespace fs = std::filesystem;
namespace io = sluice::io;

constexpr std::string_view program = "sluice.lm.2";
constexpr std::string_view older_program = "sluice.lm.1";
constexpr std::string_view best_suffix = ".best";

std::string program_of(const io::Checkpoint& checkpoint) {
  const auto found = checkpoint.texts.find("program");
  return found == checkpoint.texts.end() ? "" : found->second;
}

}  // namespace

Saved open_saved(const std::string& path) {
  io::Checkpoint checkpoint = io::load(path);
  const std::string writer = program_of(checkpoint);
  if (writer == older_program) {
    throw UserError(fmt::format(
        "{}: an older lm wrote it, whose models have no beginning of a text; train it anew", path));
  }
  if (writer != program) throw UserError(fmt::format("{} is no model of lm: another program wrote it", path));
  Plan plan{from_text<ModelSettings>(checkpoint.text("model")),
            from_text<TrainSettings>(checkpoint.text("train")), from_text<Budget>(checkpoint.text("budget")),
            from_text<TextIdentity>(checkpoint.text("text"))};
  resolve(plan.model);
  resolve(plan.train);
  resolve(plan.budget);
  const auto state = from_text<TrainingState>(checkpoint.text("state"));
  auto vocabulary = sluice::text::Vocabulary::from_json(checkpoint.text("vocabulary"));
  std::string beginning = checkpoint.text("beginning");
  return {std::move(checkpoint), std::move(plan), state, std::move(vocabulary), std::move(beginning)};
}

Model Saved::model() const {
  Model model(plan.model, static_cast<sluice::Index>(vocabulary.size()), 0);
  io::restore(checkpoint, model, {.prefix = "model."});
  return model;
}

double Saved::best() const {
  const auto found = checkpoint.arrays.find("stopping.best");
  return found == checkpoint.arrays.end() ? std::numeric_limits<double>::infinity()
                                          : found->second.element(0);
}

bool Saved::is_exported() const {
  return std::all_of(checkpoint.arrays.begin(), checkpoint.arrays.end(),
                     [](const auto& entry) { return entry.first.starts_with("model."); });
}

std::map<std::string, std::string> texts_of(const Plan& plan, const TrainingState& state) {
  return {{"program", std::string(program)}, {"model", to_text(plan.model)}, {"train", to_text(plan.train)},
          {"budget", to_text(plan.budget)},  {"text", to_text(plan.text)},   {"state", to_text(state)}};
}

void require_replaceable(const std::string& path) {
  const fs::path folder = fs::absolute(path).parent_path();
  if (!fs::is_directory(folder))
    throw UserError(fmt::format("{}: there is no folder {}", path, folder.string()));
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    throw UserError(fmt::format("{}: the folder {} cannot be written ({})", path, folder.string(),
                                std::generic_category().message(errno)));
  }
  if (!fs::exists(path) || (fs::is_regular_file(path) && fs::file_size(path) == 0)) return;
  std::string why = "no checkpoint";
  try {
    if (program_of(io::load(path)).starts_with("sluice.lm.")) return;
    why = "a checkpoint of another program";
  } catch (const sluice::Error&) {
  }
  throw UserError(
      fmt::format("{}: is there and is {}; name another file for --out, or remove it", path, why));
}

std::string best_path(const std::string& out) { return out + std::string(best_suffix); }

std::string out_path(const std::string& resumed) {
  const bool is_best = resumed.size() > best_suffix.size() && resumed.ends_with(best_suffix);
  return is_best ? resumed.substr(0, resumed.size() - best_suffix.size()) : resumed;
}

void require_no_best_path(const std::string& out) {
  if (out_path(out) == out) return;
  throw UserError(fmt::format(
      "{}: names that end in {} are those of best models, kept beside the last ones; name another "
      "file for --out",
      out, best_suffix));
}

}  // namespace lm
