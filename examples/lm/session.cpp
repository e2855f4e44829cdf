#include "session.h"

#include <fmt/format.h>
#include <sluice/data/progress.h>

#include <algorithm>
#include <cmath>

#include "text_source.h"

namespace lm {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Weight of the old value in a running mean at its n-th value: the mean of all, later of about the last 20.
double memory_of(std::int64_t n) { return 1 - 1 / static_cast<double>(std::min(n, std::int64_t{20})); }

/// A loss that no training comes back from: far above that of guessing, which is ln of the vocabulary, and
/// above what it began with. (A model that goes on with another text begins with any loss.)
double largest_loss(std::size_t vocabulary, double before) {
  return std::max({20., 4 * std::log(static_cast<double>(vocabulary)), 3 * before});
}

}  // namespace

Session::Session(Training& training, const TrainCommand& command, std::string_view validation,
                 const sluice::optim::StopSignals& signals, Progress& progress)
    : training_(training),
      command_(command),
      signals_(signals),
      progress_(progress),
      keeper_(training, command, progress),
      seconds_before_(training.state().seconds) {
  if (!validation.empty()) evaluator_.emplace(training.model(), training.vocabulary(), validation);
  if (command.sample_every > 0)
    writer_.emplace(training.model(), training.vocabulary(), training.beginning());
}

int Session::run() {
  const TrainingState& state = training_.state();
  // If a signal came during the validation at the end of an epoch or of the training, it is done now.
  const bool owed =
      state.epoch > state.validated || (evaluator_ && finished() && state.measured < state.step);
  const bool is_complete = finished() && !owed;
  if (!command_.log.empty() && !is_complete)
    log_.emplace(command_.log, command_.resume.empty() ? std::nullopt : std::optional(state.step));
  keeper_.begin();
  if (is_complete) return nothing_to_do();
  try {
    if (owed && !look_back()) return stop();
    if (finished()) return end();
    while (!finished()) {
      step();
      if (!look_back() || stopped()) return stop();
    }
    return end();
  } catch (const UserError&) {
    throw;
  } catch (...) {
    // Such as the end of memory in a sample: what was learned does not go with it. A step that throws has
    // changed nothing.
    try {
      keeper_.save();
    } catch (const UserError&) {  // the first error is the one to tell
    }
    throw;
  }
}

void Session::step() {
  const auto start = std::chrono::steady_clock::now();
  last_ = training_.step();
  const TrainingState& state = training_.state();
  const auto tokens = static_cast<double>(training_.tokens_per_step());
  const double seconds = seconds_since(start);
  interval_seconds_ += seconds;
  interval_tokens_ += tokens;
  const double memory = memory_of(++steps_);
  loss_ = memory * loss_ + (1 - memory) * last_.nats;
  if (steps_ == 1) first_loss_ = loss_;
  if (!(loss_ <= largest_loss(training_.vocabulary().size(), first_loss_)))
    keeper_.run_away(fmt::format("the loss is {:.4g} nats", last_.nats));
  // A mean of times. The second step resets it: the first one included compilation.
  const double kept = memory_of(std::max(steps_ - 1, std::int64_t{1}));
  speed_ = 1 / (kept / std::max(speed_, 1e-9) + (1 - kept) * seconds / tokens);
  update_clock();
  progress_.update({state.step, training_.epochs_done(), loss_,
                    state.validation >= 0 ? std::optional(state.validation) : std::nullopt,
                    last_.learning_rate, speed_, seconds_left(), plural_of(training_.vocabulary().kind())});
}

/// Does what is due after a step. Returns false if a signal interrupted it.
bool Session::look_back() {
  TrainingState& state = training_.state();
  const bool epoch_over = state.epoch > state.validated;
  const bool over = finished();
  bool better = false;
  if ((epoch_over || over) && !measure(epoch_over, better)) return false;
  if (epoch_over) state.validated = state.epoch;
  if (state.loss_count > 0 && (epoch_over || over || state.step % command_.log_every == 0)) write_log();
  if (better) keeper_.save_best();
  const bool sample_due = writer_ && state.step % command_.sample_every == 0 && !stopped();
  if (sample_due) show_sample();
  const bool save_due = command_.save_every > 0 && state.step % command_.save_every == 0;
  if (epoch_over || save_due) keeper_.save();
  return true;
}

/// Measures the validation loss, if there is a validation part. Returns false if a signal interrupted it.
bool Session::measure(bool epoch_over, bool& better) {
  const TrainingState& state = training_.state();
  const std::string_view unit = singular_of(training_.vocabulary().kind());
  std::string line = fmt::format("step {}:", state.step);
  if (steps_ > 0) line += fmt::format(" training {:.4f} nats a {}", loss_, unit);
  if (!evaluator_) {
    progress_.print(line);
    return true;
  }
  const std::optional<sluice::text::Score> score = (*evaluator_)([this] { return stopped(); });
  if (!score) return false;
  const double nats = score->nats_per_token();
  // Characters that the training part does not have may cost any number: only what was better has run away.
  const double best = training_.stopping().best();
  if (!(std::isinf(best) ? std::isfinite(nats) : nats <= largest_loss(training_.vocabulary().size(), best)))
    keeper_.run_away(fmt::format("the validation loss is {:.4g} nats", nats));
  better = training_.note_validation(nats, epoch_over);
  update_clock();
  if (steps_ > 0) line += ",";
  line += fmt::format(" validation {:.4f} nats a {}{}; {}", nats, unit, better ? ", the best so far" : "",
                      sluice::data::duration_text(state.seconds));
  progress_.print(line);
  return true;
}

void Session::write_log() {
  TrainingState& state = training_.state();
  LogLine line;
  line.step = state.step;
  line.epoch = state.window == 0 ? state.epoch : state.epoch + 1;
  line.seconds = state.seconds;
  line.train_nats = state.loss_sum / static_cast<double>(state.loss_count);
  if (steps_ > 0) {
    line.learning_rate = last_.learning_rate;
    line.gradient_norm = last_.gradient_norm;
    line.tokens_per_second = interval_tokens_ / interval_seconds_;
    line.seconds_left = seconds_left();
  }
  if (state.measured == state.step && state.validation >= 0) line.validation_nats = state.validation;
  try {
    if (log_) log_->add(line);
  } catch (const UserError& error) {
    log_.reset();
    progress_.note(fmt::format("{}; the training goes on without a log", error.what()));
  }
  state.loss_sum = 0;
  state.loss_count = 0;
  interval_seconds_ = 0;
  interval_tokens_ = 0;
}

void Session::show_sample() {
  const std::int64_t step = training_.state().step;
  sluice::text::GenerateOptions options;
  options.length = static_cast<std::size_t>(command_.sample_length);
  options.seed =
      static_cast<std::uint64_t>(training_.plan().train.seed) * 1000003 + static_cast<std::uint64_t>(step);
  progress_.print(
      fmt::format("---- what it writes after step {}\n{}\n----", step, writer_->write("", options)));
}

int Session::stop() {
  keeper_.save_at_end();
  const std::string text = fmt::format("Stopped at step {}; saved: {}. To go on:\n  {}",
                                       training_.state().step, keeper_.where(), keeper_.command_to_go_on());
  if (progress_.reader_gone())
    progress_.note("nobody reads the output any more. " + text);
  else
    progress_.print(text);
  return 130;
}

int Session::end() {
  keeper_.save_at_end();
  const TrainingState& state = training_.state();
  const Budget& budget = training_.plan().budget;
  std::string more = budget.minutes > 0 ? fmt::format(" --minutes {}", budget.minutes)
                     : budget.steps > 0 ? fmt::format(" --steps {}", 2 * budget.steps)
                                        : fmt::format(" --epochs {}", 2 * budget.epochs);
  if (training_.stopping().out_of_patience()) {
    const std::int64_t bad = training_.stopping().bad();
    more = fmt::format(" --patience {}", 2 * bad);
    progress_.print(
        fmt::format("No better validation loss for {} epoch{}: stopped early", bad, bad == 1 ? "" : "s"));
  }
  progress_.print(fmt::format("Saved after {} steps, {}: {}. To go on, with a number of yours:\n  {}",
                              state.step, sluice::data::duration_text(state.seconds), keeper_.where(),
                              keeper_.command_to_go_on(more)));
  return 0;
}

int Session::nothing_to_do() {
  if (training_.stopping().out_of_patience() && training_.share_done() < 1) {
    progress_.print(fmt::format(
        "There was no better validation loss for {} epochs; say a larger --patience, or --epochs, --steps "
        "or --minutes, to go on; {}",
        training_.stopping().bad(), keeper_.where()));
  } else {
    progress_.print(
        fmt::format("This training is complete; say --epochs, --steps or --minutes to go on with it; {}",
                    keeper_.where()));
  }
  // A place that was asked for gets the model; one that follows from --resume OUT.best has a later one.
  if (command_.is_given("out") && command_.out != command_.resume) keeper_.save_at_end();
  return 0;
}

bool Session::finished() {
  const TrainingState& state = training_.state();
  if (training_.stopping().out_of_patience() && state.validated == state.epoch) return true;
  return training_.share_done() >= 1;
}

std::optional<double> Session::seconds_left() {
  const TrainingState& state = training_.state();
  if (training_.plan().budget.minutes > 0) return std::max(0., state.deadline - state.seconds);
  if (steps_ < 2) return std::nullopt;  // the first step includes compilation
  return training_.steps_left() * static_cast<double>(training_.tokens_per_step()) / speed_;
}

void Session::update_clock() { training_.state().seconds = seconds_before_ + seconds_since(start_); }

}  // namespace lm
