#include <fmt/format.h>
#include <sluice/kernels/threads.h>
#include <sluice/optim/stop_signals.h>
#include <sluice/text/corpus.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <optional>

#include "commands.h"
#include "progress.h"
#include "resume.h"
#include "session.h"
#include "text_source.h"
#include "training.h"

namespace lm {
namespace {

namespace text = sluice::text;

/// The settings of a new training.
Plan new_plan(const TrainCommand& c) {
  Plan plan{c.model, c.train, c.budget, {}};
  resolve(plan.model);
  resolve(plan.train);
  resolve(plan.budget);
  return plan;
}

/// The text: of the training that is resumed, or the one that the command gives.
Text text_for(const TrainCommand& c, const Plan& plan, bool resumed) {
  const auto kind = text::token_kind(plan.model.tokens);
  if (resumed && c.text.empty()) return read_again(plan.text, kind);
  return read_text(c.text, kind, {c.out, best_path(c.out), c.log});
}

/// A model that goes on with another text is another model.
void require_own_place(const TrainCommand& c, const Text& text, bool is_exported) {
  const bool same = std::filesystem::exists(c.out) && std::filesystem::equivalent(c.out, c.resume);
  if (c.is_given("out") && !same) return;
  if (is_exported) {
    throw UserError(fmt::format(
        "{} holds a model and no training to go on with: say where the new one goes with --out", c.resume));
  }
  throw UserError(
      fmt::format("{} is not the text that {} was trained on: to go on with another text, say where the new "
                  "model goes with --out; to go on with its own, leave --text out",
                  name_of_text(text.identity), c.resume));
}

/// Throws UserError if the part held out is too short to measure.
void require_validation(std::string_view content, const Plan& plan) {
  const double share = plan.train.validation;
  if (share == 0 || content.size() < 2) return;
  const double bytes = share * static_cast<double>(content.size());
  if (bytes >= 2) return;
  throw UserError(fmt::format(
      "the part held out, --validation {} of {} bytes, is too short to measure: use a longer text, a "
      "larger part, or --validation 0",
      share, content.size()));
}

void require_own_log(const TrainCommand& c) {
  if (c.log.empty()) return;
  const auto whole = [](const std::string& path) { return std::filesystem::weakly_canonical(path); };
  for (const std::string& model : {c.out, best_path(c.out), c.resume}) {
    if (!model.empty() && whole(model) == whole(c.log))
      throw UserError(
          fmt::format("--log and a model have the same name, {}: name another file for --log", c.log));
  }
}

/// What it reads and what it trains, before the first step.
void introduce(Progress& progress, const Training& training, const Text& text, std::size_t tokens,
               std::size_t validation, std::size_t unknown) {
  const Plan& plan = training.plan();
  const std::string_view unit = plural_of(training.vocabulary().kind());
  for (const std::string& note : notes_on(text)) progress.print(note);
  progress.print(fmt::format(
      "{}: {} bytes in {} file{}; {} {} to train on, {} held out ({} unknown), {} different",
      name_of_text(plan.text), plan.text.bytes, text.files.size(), text.files.size() == 1 ? "" : "s", tokens,
      unit, validation, unknown, training.vocabulary().size()));
  progress.print(
      fmt::format("{} with {} layer{} of {}: {} parameters; {} at {} ({}); {} steps of {} x {} an epoch; {} "
                  "thread{}",
                  plan.model.cell, plan.model.layers, plan.model.layers == 1 ? "" : "s", plan.model.hidden,
                  training.model().count(), plan.train.optimizer, plan.train.lr, plan.train.schedule,
                  training.windows_per_epoch(), plan.train.batch, plan.train.length,
                  sluice::kernels::threads(), sluice::kernels::threads() == 1 ? "" : "s"));
}

/// Says how a resumed training goes on.
void introduce_resumed(Progress& progress, const Saved& saved, const Changes& changes, std::size_t tokens,
                       std::size_t unknown) {
  if (changes.text) {
    progress.print(
        fmt::format("A new training of the model in which step {} was reached, on another text: the model "
                    "does not know {} of its {} {} to train on and reads them as unknown{}{}",
                    saved.state.step, unknown, tokens, plural_of(saved.vocabulary.kind()),
                    unknown > tokens / 10 ? ", so many that figures will mean little" : "",
                    saved.is_exported() ? "; the optimizer begins anew" : ""));
    return;
  }
  progress.print(
      fmt::format("Resumed at step {}{}{}", saved.state.step,
                  changes.schedule ? "; the learning rate's schedule begins anew, over what is left" : "",
                  changes.windows ? "; at the nearest window of the new size, with states of zero" : ""));
}

/// The state in which a training begins. The optimizer's count of steps goes on in any case.
TrainingState first_state(const Saved& saved, const Changes& changes) {
  TrainingState state = changes.text ? TrainingState{} : saved.state;
  const auto step = saved.checkpoint.arrays.find("optimizer.step");
  if ((changes.text || changes.schedule) && step != saved.checkpoint.arrays.end())
    state.from_update = static_cast<std::int64_t>(step->second.element(0));
  return state;
}

}  // namespace

int train(TrainCommand c) {
  for (const auto& [name, zero] :
       {std::pair("epochs", c.budget.epochs == 0), std::pair("steps", c.budget.steps == 0),
        std::pair("minutes", c.budget.minutes == 0)}) {
    if (zero && c.is_given(name)) throw UserError(fmt::format("--{} is above 0: got 0", name));
  }
  sluice::kernels::set_threads(c.threads);
  std::optional<Saved> saved;
  if (!c.resume.empty()) saved = open_saved(c.resume);
  auto [plan, changes] = saved ? resumption(c, *saved) : Resumption{new_plan(c), {}};
  if (c.out.empty()) c.out = saved ? out_path(c.resume) : "model.ckpt";
  require_no_best_path(c.out);
  if (c.out != c.resume) require_replaceable(c.out);
  if (plan.train.validation > 0 && best_path(c.out) != c.resume) require_replaceable(best_path(c.out));

  require_own_log(c);

  const Text text = text_for(c, plan, saved.has_value());
  changes.text = saved && (saved->is_exported() || !text.identity.is_same_text(plan.text));
  if (changes.text) require_own_place(c, text, saved->is_exported());
  plan.text = text.identity;
  require_validation(text.content, plan);
  const text::Parts parts = text::split(text.content, plan.train.validation);
  const text::Vocabulary vocabulary =
      saved ? saved->vocabulary
            : text::Vocabulary::of(text::token_kind(plan.model.tokens), parts.training,
                                   static_cast<std::size_t>(plan.model.vocabulary));
  plan.model.softmax = suitable_softmax(plan.model, vocabulary.size());
  // From here on a signal is a matter of what is to be saved. (The library's own threads leave it alone.)
  const sluice::optim::StopSignals signals;
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is an error of writing
  std::size_t unknown = 0;
  std::size_t unknown_held_out = 0;
  std::vector<std::int32_t> tokens = vocabulary.encode(parts.training, &unknown);
  const std::size_t count = tokens.size();
  const std::size_t held_out = vocabulary.encode(parts.validation, &unknown_held_out).size();

  Training training(plan, vocabulary,
                    saved && !changes.text ? saved->beginning : beginning_of(parts.training),
                    std::move(tokens), saved ? first_state(*saved, changes) : TrainingState{});
  if (saved) training.restore(*saved, changes);
  TrainingState& state = training.state();
  // Minutes count from here on, unless this continues the saved budget.
  if (plan.budget.minutes > 0 && (!saved || changes.text || c.is_given("minutes")))
    state.deadline = state.seconds + 60 * plan.budget.minutes;
  if (c.is_given("patience") || c.is_given("epochs") || c.is_given("steps") || c.is_given("minutes"))
    if (training.stopping().out_of_patience()) training.stopping().be_patient_again();

  Progress progress;
  Session session(training, c, parts.validation, signals, progress);
  introduce(progress, training, text, count, held_out, unknown_held_out);
  if (saved) introduce_resumed(progress, *saved, changes, count, unknown);
  return session.run();
}

}  // namespace lm
