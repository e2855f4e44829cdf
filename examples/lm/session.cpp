#include "session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stop_signal.h"
#include "text_source.h"

namespace lm {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Weight of the old value in a running mean at its n-th value: the mean of all, later of about the last 20.
double memory_of(std::int64_t n) { return 1 - 1 / static_cast<double>(std::min(n, std::int64_t{20})); }

/// Quoted for the shell.
std::string quoted(const std::string& argument) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-+=,:@%";
  if (!argument.empty() && argument.find_first_not_of(plain) == std::string::npos) return argument;
  std::string result = "'";
  for (const char c : argument) result += c == '\'' ? "'\\''" : std::string(1, c);
  return result + "'";
}

/// The command that resumes this training.
std::string resume_command(const TrainCommand& c) {
  std::string text = fmt::format("{} train --resume {}", quoted(c.program), quoted(c.out));
  if (!c.log.empty()) text += fmt::format(" --log {} --log-every {}", quoted(c.log), c.log_every);
  if (c.save_every > 0) text += fmt::format(" --save-every {}", c.save_every);
  if (c.sample_every > 0) text += fmt::format(" --sample-every {}", c.sample_every);
  return text;
}

}  // namespace

Session::Session(Training& training, const TrainCommand& command, std::vector<std::int32_t> validation)
    : training_(training), command_(command), seconds_before_(training.state().seconds) {
  const TrainSettings& settings = training.plan().train;
  if (!validation.empty()) {
    evaluator_.emplace(training.model(), std::move(validation), settings.batch, settings.length);
  }
  if (command.sample_every > 0) writer_.emplace(training.model(), training.vocabulary());
  if (!command.log.empty()) {
    log_.emplace(command.log, command.resume.empty() ? std::nullopt : std::optional(training.state().step));
  }
}

int Session::run() {
  // If a signal came after the end of an epoch, its validation is done now.
  if (training_.state().epoch > training_.state().validated && !look_back()) return stop();
  if (finished()) {
    progress_.print("This training is complete; say --epochs, --steps or --minutes to go on with it.");
    save();
    return 0;
  }
  while (!finished()) {
    step();
    if (!look_back() || stop_requested()) return stop();
  }
  end();
  return 0;
}

void Session::step() {
  const auto start = std::chrono::steady_clock::now();
  const double loss = training_.step(share_done());
  const TrainingState& state = training_.state();
  if (!std::isfinite(loss)) {
    throw UserError(
        fmt::format("the loss is {} at step {}: training has run away; use a smaller --lr, --clip or "
                    "--init-range. Nothing was saved since then",
                    loss, state.step));
  }
  const auto tokens = static_cast<double>(training_.tokens_per_step());
  const double seconds = seconds_since(start);
  interval_seconds_ += seconds;
  interval_tokens_ += tokens;
  const double memory = memory_of(++steps_);
  loss_ = memory * loss_ + (1 - memory) * loss;
  // A mean of times. The second step resets it: the first one included compilation.
  const double kept = memory_of(std::max(steps_ - 1, std::int64_t{1}));
  speed_ = 1 / (kept / std::max(speed_, 1e-9) + (1 - kept) * seconds / tokens);
  update_clock();
  const double epoch = static_cast<double>(state.epoch) +
                       static_cast<double>(state.window) / static_cast<double>(training_.windows_per_epoch());
  progress_.update(
      {state.step, epoch, loss_, speed_, seconds_left(), plural_of(training_.vocabulary().kind())});
}

/// Does what is due after a step. Returns false if a signal interrupted it.
bool Session::look_back() {
  TrainingState& state = training_.state();
  const bool epoch_over = state.epoch > state.validated;
  const bool over = finished();
  std::optional<Score> score;
  if ((epoch_over || over) && !measure(score)) return false;
  if (epoch_over) training_.note_epoch(score ? std::optional(score->nats) : std::nullopt);
  if (state.loss_count > 0 && (epoch_over || over || state.step % command_.log_every == 0)) {
    LogLine line{state.step,
                 state.window == 0 ? state.epoch : state.epoch + 1,
                 state.seconds,
                 state.loss_sum / static_cast<double>(state.loss_count),
                 interval_seconds_ > 0 ? interval_tokens_ / interval_seconds_ : 0,
                 std::nullopt};
    if (score) line.validation_nats = score->nats;
    if (log_) log_->add(line);
    state.loss_sum = 0;
    state.loss_count = 0;
    interval_seconds_ = 0;
    interval_tokens_ = 0;
  }
  const bool sample_due =
      command_.sample_every > 0 && state.step % command_.sample_every == 0 && !stop_requested();
  if (sample_due) show_sample();
  const bool save_due = command_.save_every > 0 && state.step % command_.save_every == 0;
  if (epoch_over || save_due) save();
  return true;
}

/// The validation loss, if there is a validation part. Returns false if a signal interrupted it.
bool Session::measure(std::optional<Score>& score) {
  if (!evaluator_) return true;
  score = (*evaluator_)(stop_requested);
  if (!score) return false;
  training_.state().validation = score->nats;
  update_clock();
  progress_.print(
      fmt::format("step {}: validation {:.4f} nats, {:.4f} bits, perplexity {:.2f}; training took {}",
                  training_.state().step, score->nats, score->bits(), score->perplexity(),
                  duration(training_.state().seconds)));
  return true;
}

void Session::show_sample() {
  const std::int64_t step = training_.state().step;
  const auto seed =
      static_cast<std::uint64_t>(training_.plan().train.seed) * 1000003 + static_cast<std::uint64_t>(step);
  const std::string written = writer_->write("", static_cast<std::size_t>(command_.sample_length), seed, {});
  progress_.print(fmt::format("---- what it writes after step {}\n{}\n----", step, written));
}

void Session::save() {
  update_clock();
  training_.save(command_.out);
  const TrainingState& state = training_.state();
  const bool best = training_.plan().train.patience > 0 && state.bad == 0 && state.validated == state.epoch &&
                    state.window == 0 && state.best >= 0;
  if (best) training_.save(command_.out + ".best");
}

int Session::stop() {
  save();
  progress_.print(fmt::format("Stopped at step {}; saved {}. To go on:\n  {}", training_.state().step,
                              command_.out, resume_command(command_)));
  return 130;
}

void Session::end() {
  save();
  const TrainingState& state = training_.state();
  const std::int64_t patience = training_.plan().train.patience;
  if (patience > 0 && state.bad >= patience) {
    progress_.print(
        fmt::format("No better validation loss for {} epoch{}; the best, {:.4f} nats, is in {}.best",
                    state.bad, state.bad == 1 ? "" : "s", state.best, command_.out));
  }
  progress_.print(
      fmt::format("Saved {} after {} steps, {}", command_.out, state.step, duration(state.seconds)));
}

bool Session::finished() {
  const TrainingState& state = training_.state();
  const std::int64_t patience = training_.plan().train.patience;
  if (patience > 0 && state.bad >= patience && state.validated == state.epoch) return true;
  return share_done() >= 1;
}

/// The fraction of the budget that is spent.
double Session::share_done() {
  const TrainingState& state = training_.state();
  const Budget& budget = training_.plan().budget;
  if (budget.minutes > 0) return std::min(1., state.seconds / state.deadline);
  return std::min(1., static_cast<double>(state.step) / steps_in_all());
}

/// The number of steps of a budget of steps or epochs; a double, since the product of two large settings may
/// overflow an integer.
double Session::steps_in_all() const {
  const Budget& budget = training_.plan().budget;
  if (budget.steps > 0) return static_cast<double>(budget.steps);
  return static_cast<double>(budget.epochs) * static_cast<double>(training_.windows_per_epoch());
}

std::optional<double> Session::seconds_left() {
  const TrainingState& state = training_.state();
  const Budget& budget = training_.plan().budget;
  if (budget.minutes > 0) return std::max(0., state.deadline - state.seconds);
  if (steps_ < 2) return std::nullopt;  // the first step includes compilation
  return (steps_in_all() - static_cast<double>(state.step)) *
         static_cast<double>(training_.tokens_per_step()) / speed_;
}

void Session::update_clock() { training_.state().seconds = seconds_before_ + seconds_since(start_); }

}  // namespace lm
