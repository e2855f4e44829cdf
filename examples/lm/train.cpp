#include <fmt/format.h>
#include <sluice/graph/error.h>
#include <sluice/kernels/threads.h>
#include <sluice/text/corpus.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "commands.h"
#include "session.h"
#include "stop_signal.h"
#include "text_source.h"
#include "training.h"

namespace lm {
namespace {

namespace fs = std::filesystem;
namespace text = sluice::text;

/// Checks before the training, not after it, that the result can be saved; keeps a mistyped --out from
/// replacing a file that is not a checkpoint.
void require_replaceable(const std::string& out) {
  const fs::path folder = fs::absolute(out).parent_path();
  if (!fs::is_directory(folder))
    throw UserError(fmt::format("{}: there is no folder {}", out, folder.string()));
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    throw UserError(fmt::format("{}: the folder {} cannot be written ({})", out, folder.string(),
                                std::generic_category().message(errno)));
  }
  if (!fs::exists(out) || (fs::is_regular_file(out) && fs::file_size(out) == 0)) return;
  try {
    sluice::io::load(out);
  } catch (const sluice::Error&) {
    throw UserError(
        fmt::format("{}: is there and is no checkpoint; name another file for --out, or remove it", out));
  }
}

bool is_given(const TrainCommand& c, std::string_view option) {
  return std::find(c.given.begin(), c.given.end(), option) != c.given.end();
}

/// The settings of a new training.
Plan new_plan(const TrainCommand& c) {
  Plan plan{c.model, c.train, c.budget, {}};
  resolve(plan.model);
  resolve(plan.train);
  resolve(plan.budget);
  return plan;
}

/// The settings of a resumed training: the saved ones, except for the budget.
Plan resumed_plan(const TrainCommand& c, const Saved& saved) {
  require_unchanged(c.model, saved.plan.model, c.given);
  require_unchanged(c.train, saved.plan.train, c.given);
  Plan plan = saved.plan;
  const bool new_budget = is_given(c, "epochs") || is_given(c, "steps") || is_given(c, "minutes");
  if (new_budget) {
    plan.budget = c.budget;
    resolve(plan.budget);
  }
  return plan;
}

text::Vocabulary make_vocabulary(const ModelSettings& settings, std::string_view training_text) {
  return text::Vocabulary::of(text::token_kind(settings.tokens), training_text,
                              static_cast<std::size_t>(settings.vocabulary));
}

void introduce(Progress& progress, const Training& training, const Text& text, std::size_t tokens,
               std::size_t validation, std::size_t unknown) {
  const Plan& plan = training.plan();
  const std::string_view unit = plural_of(training.vocabulary().kind());
  progress.print(
      fmt::format("{}: {} bytes in {} file{}; {} {} to train on, {} held out ({} unknown), {} different",
                  name_of_text(plan.text.path), plan.text.bytes, text.files, text.files == 1 ? "" : "s",
                  tokens, unit, validation, unknown, training.vocabulary().size()));
  progress.print(
      fmt::format("{} with {} layer{} of {}: {} parameters; {} at {} ({}); {} steps of {} x {} an epoch; {} "
                  "thread{}",
                  plan.model.cell, plan.model.layers, plan.model.layers == 1 ? "" : "s", plan.model.hidden,
                  training.model().count(), plan.train.optimizer, plan.train.lr, plan.train.schedule,
                  training.windows_per_epoch(), plan.train.batch, plan.train.length,
                  sluice::kernels::threads(), sluice::kernels::threads() == 1 ? "" : "s"));
}

}  // namespace

int train(TrainCommand c) {
  sluice::kernels::set_threads(c.threads);
  std::optional<Saved> saved;
  if (!c.resume.empty()) saved = open_saved(c.resume);
  Plan plan = saved ? resumed_plan(c, *saved) : new_plan(c);
  if (c.out.empty()) c.out = saved ? c.resume : "model.ckpt";
  require_replaceable(c.out);

  const std::string path = saved && !is_given(c, "text") ? plan.text.path : c.text;
  const Text text = read_text(path, text::token_kind(plan.model.tokens));
  if (saved) require_same_text(text.identity, plan.text);
  plan.text = text.identity;
  const text::Parts parts = text::split(text.content, plan.train.validation);
  const text::Vocabulary vocabulary = saved ? saved->vocabulary : make_vocabulary(plan.model, parts.training);
  std::size_t unknown = 0;
  std::vector<std::int32_t> tokens = vocabulary.encode(parts.training);
  std::vector<std::int32_t> validation = vocabulary.encode(parts.validation, &unknown);
  const std::size_t count = tokens.size();
  const std::size_t held_out = validation.size();

  Training training(plan, vocabulary, std::move(tokens));
  if (saved) training.restore(*saved);
  TrainingState& state = training.state();
  // Minutes count from here on, unless this continues the saved budget.
  if (plan.budget.minutes > 0 && (!saved || is_given(c, "minutes"))) {
    state.deadline = state.seconds + 60 * plan.budget.minutes;
  }

  Session session(training, c, std::move(validation));
  watch_for_stop();
  Progress progress;
  introduce(progress, training, text, count, held_out, unknown);
  if (saved) progress.print(fmt::format("Resumed at step {}", state.step));
  return session.run();
}

}  // namespace lm
