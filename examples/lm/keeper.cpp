#include "keeper.h"

#include <fmt/format.h>
#include <sluice/graph/error.h>

#include <cmath>
#include <filesystem>

namespace lm {
namespace {

namespace fs = std::filesystem;

/// Quoted for the shell.
std::string quoted(const std::string& argument) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-+=,:@%";
  if (!argument.empty() && argument.find_first_not_of(plain) == std::string::npos) return argument;
  std::string result = "'";
  for (const char c : argument) result += c == '\'' ? "'\\''" : std::string(1, c);
  return result + "'";
}

bool is_same_file(const std::string& a, const std::string& b) {
  return fs::exists(a) && fs::exists(b) && fs::equivalent(a, b);
}

}  // namespace

Keeper::Keeper(Training& training, const TrainCommand& command, Progress& progress)
    : training_(training), command_(command), progress_(progress), best_(best_path(command.out)) {}

void Keeper::begin() {
  if (!command_.resume.empty()) {
    if (is_same_file(command_.out, command_.resume)) saved_step_ = training_.state().step;
    if (std::isfinite(training_.stopping().best())) find_best();
  }
  // A file that mktemp made is as good as none.
  if (!fs::exists(command_.out) || fs::file_size(command_.out) == 0) save_at_end();
}

void Keeper::find_best() {
  const TrainingState& state = training_.state();
  const std::string source = best_path(out_path(command_.resume));
  if (fs::exists(source)) {
    const Saved kept = open_saved(source);
    has_best_ = kept.plan.text.is_same_text(training_.plan().text);
    // It may be of a later epoch than this model, which was copied, or saved before a disk was full.
    best_nats_ = kept.best();
    // Saved rather than copied: OUT.best is whole at every moment.
    if (has_best_ && !is_same_file(source, best_)) sluice::io::save(best_, kept.checkpoint);
  }
  if (has_best_) return;
  if (state.measured == state.step && state.validation == training_.stopping().best()) {
    save_best();
  } else {
    progress_.note(fmt::format("{} is not there any more: the best model from now on is kept", source));
    training_.stopping().forget();
  }
}

void Keeper::require_finite() const {
  if (!training_.is_finite()) run_away("numbers of the model are no longer finite");
}

void Keeper::save() {
  require_finite();
  try {
    training_.save(command_.out);
    saved_step_ = training_.state().step;
  } catch (const sluice::Error& error) {
    progress_.note(fmt::format("{}; the training goes on, and saves again later", error.message()));
  }
}

void Keeper::save_at_end() {
  require_finite();
  try {
    training_.save(command_.out);
  } catch (const sluice::Error& error) {
    if (saved_step_ < 0) throw UserError(error.message());
    throw UserError(fmt::format("{}; {}. To go on, when that is mended: {}", error.message(), where(),
                                command_to_go_on()));
  }
  saved_step_ = training_.state().step;
}

void Keeper::save_best() {
  require_finite();
  const double nats = training_.stopping().best();
  if (has_best_ && best_nats_ < nats) return;
  try {
    training_.save(best_);
    has_best_ = true;
    best_nats_ = nats;
  } catch (const sluice::Error& error) {
    progress_.note(fmt::format("{}; {} stays what it was", error.message(), best_));
  }
}

void Keeper::run_away(const std::string& what) const {
  const double rate = training_.plan().train.lr / 10;
  const std::string advice =
      saved_step_ < 0 ? fmt::format("start it again with a smaller rate, such as --lr {:.3g}", rate)
                      : "to go on from there: " + command_to_go_on(fmt::format(" --lr {:.3g}", rate));
  const bool clips = training_.plan().train.clip > 0;
  throw UserError(fmt::format(
      "{} at step {}: the training has run away; {}. Use a smaller --lr{} or --init-range; {}", what,
      training_.state().step, where(), clips ? ", --clip" : ", a --clip such as 5,", advice));
}

std::string Keeper::where() const {
  std::string text =
      saved_step_ < 0 ? fmt::format("{} is the model of an earlier training", command_.out)
                      : fmt::format("the last good model, of step {}, is in {}", saved_step_, command_.out);
  if (has_best_) text += fmt::format("; the best, {:.4f} nats in validation, is in {}", best_nats_, best_);
  if (!has_best_ && training_.plan().train.validation > 0 && fs::exists(best_))
    text += fmt::format("; {} is the best of an earlier training", best_);
  return text;
}

std::string Keeper::command_to_go_on(const std::string& options) const {
  const TrainCommand& c = command_;
  std::string text = fmt::format("{} train --resume {}", quoted(c.program), quoted(c.out));
  const TextIdentity& from = training_.plan().text;
  if (from.files.empty() && !from.is_default) {
    text += " --text";
    for (const std::string& source : c.text) text += " " + quoted(source);
  }
  if (!c.log.empty()) text += fmt::format(" --log {} --log-every {}", quoted(c.log), c.log_every);
  if (c.save_every > 0) text += fmt::format(" --save-every {}", c.save_every);
  if (c.sample_every > 0)
    text += fmt::format(" --sample-every {} --sample-length {}", c.sample_every, c.sample_length);
  return text + options;
}

}  // namespace lm
