#include "training.h"

#include <fmt/format.h>
#include <sluice/nn/loss.h>
#include <sluice/ops/random.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "optimizer.h"

namespace lm {
namespace {

namespace io = sluice::io;
namespace nn = sluice::nn;
namespace optim = sluice::optim;
namespace text = sluice::text;
using sluice::DType;
using sluice::Tensor;

text::Batches training_batches(std::vector<std::int32_t> tokens, const TrainSettings& settings) {
  const auto needed = static_cast<std::size_t>(settings.batch * settings.length + 1);
  if (tokens.size() < needed) {
    throw UserError(
        fmt::format("the text is too short: {} tokens to train on, and one window of --batch {} and "
                    "--length {} needs {}; use a longer text, or smaller ones",
                    tokens.size(), settings.batch, settings.length, needed));
  }
  return {std::move(tokens), static_cast<std::size_t>(settings.batch),
          static_cast<std::size_t>(settings.length)};
}

sluice::Spec window_of(const TrainSettings& settings) {
  return {DType::int32, {settings.length, settings.batch}};
}

std::optional<optim::Plateau> make_plateau(const TrainSettings& settings, const optim::Optimizer& optimizer) {
  if (settings.schedule != "plateau") return std::nullopt;
  // More epochs without improvement than an int can count do not happen.
  const auto patience = std::min<std::int64_t>(settings.decay_after, std::numeric_limits<int>::max());
  return optim::Plateau(optimizer, {.factor = settings.decay, .patience = static_cast<int>(patience)});
}

bool all_finite(const sluice::Array& array) {
  if (array.dtype() != DType::float32) return true;
  const auto values = array.values<float>();
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

}  // namespace

Training::Training(const Plan& plan, const text::Vocabulary& vocabulary, std::string beginning,
                   std::vector<std::int32_t> tokens, const TrainingState& state)
    : plan_(plan),
      vocabulary_(vocabulary),
      beginning_(std::move(beginning)),
      batches_(training_batches(std::move(tokens), plan.train)),
      state_(state),
      model_(plan.model, static_cast<sluice::Index>(vocabulary.size()),
             static_cast<std::uint64_t>(plan.train.seed)),
      carried_(model_.layers(), plan.train.batch),
      dropout_key_(
          sluice::random::fold_in(sluice::random::key(static_cast<std::uint64_t>(plan.train.seed)), 1)),
      progress_(sluice::zeros({}, DType::float64)),
      epochs_(sluice::zeros({}, DType::float64)),
      optimizer_(make_optimizer(plan.train, model_.variables(), {progress_, epochs_, state.from_update})),
      plateau_(make_plateau(plan.train, *optimizer_)),
      stopping_(plan.train.patience),
      step_(sluice::compile([this](const Tensor& x, const Tensor& y) {
              return loss_and_update(x, y);
            }).prepare(window_of(plan.train), window_of(plan.train))) {}

sluice::Tensors Training::loss_and_update(const Tensor& x, const Tensor& y) {
  const sluice::Tensors keys = sluice::random::split(dropout_key_, 2);
  const Model::Result result = model_(x, carried_.read(), nn::Mode::train, keys[0]);
  Tensor loss = model_.nats(result.h, y, nn::Reduction::mean);
  Tensor rate = optimizer_->scheduled_rate();
  Tensor norm = optimizer_->update(loss).norm();
  carried_.assign(result.states);
  dropout_key_.assign(keys[1]);
  return {loss, rate, norm};
}

double Training::epochs_done() const {
  return static_cast<double>(state_.epoch) +
         static_cast<double>(state_.window) / static_cast<double>(windows_per_epoch());
}

Training::Span Training::span() const {
  const Budget& budget = plan_.budget;
  if (budget.minutes > 0) return {state_.from_seconds, state_.seconds, state_.deadline};
  if (budget.steps > 0) {
    return {static_cast<double>(state_.from_step), static_cast<double>(state_.step),
            static_cast<double>(budget.steps)};
  }
  return {state_.from_epoch, epochs_done(), static_cast<double>(budget.epochs)};
}

double Training::share_done() const { return std::min(1., span().now / span().end); }

double Training::steps_left() const {
  const double left = std::max(0., span().end - span().now);
  return plan_.budget.steps > 0 ? left : left * static_cast<double>(windows_per_epoch());
}

void Training::begin_schedule() {
  state_.from_step = state_.step;
  state_.from_epoch = epochs_done();
  state_.from_seconds = state_.seconds;
}

StepResult Training::step() {
  const Span s = span();
  const double progress = s.end > s.from ? std::clamp((s.now - s.from) / (s.end - s.from), 0., 1.) : 1;
  progress_.set(sluice::full({}, progress, DType::float64).value());
  const double epochs = static_cast<double>(state_.epoch) - std::floor(state_.from_epoch);
  epochs_.set(sluice::full({}, epochs, DType::float64).value());
  const text::Batches::Window window =
      batches_.next(step_.input<std::int32_t>(0), step_.input<std::int32_t>(1));
  if (window.first) carried_.reset();
  step_.run();
  const StepResult result{static_cast<double>(step_.output<float>(0)[0]), step_.output<double>(1)[0],
                          step_.output<double>(2)[0]};
  ++state_.step;
  state_.epoch = batches_.position().epoch;
  state_.window = batches_.position().window;
  state_.loss_sum += result.nats;
  ++state_.loss_count;
  return result;
}

bool Training::note_validation(double nats, bool epoch_over) {
  state_.validation = nats;
  state_.measured = state_.step;
  if (!epoch_over) return stopping_.consider(nats);
  if (plateau_) plateau_->observe(nats);
  return stopping_.observe(nats);
}

void Training::members(const sluice::Members& m) const {
  m("model", model_), m("carried", carried_), m("optimizer", *optimizer_);
  if (plateau_) m("plateau", *plateau_);
  m("stopping", stopping_), m("dropout_key", dropout_key_), m("progress", progress_), m("epochs", epochs_);
}

bool Training::is_finite() const {
  const io::Checkpoint all = io::collect(*this);
  return std::all_of(all.arrays.begin(), all.arrays.end(),
                     [](const auto& entry) { return all_finite(entry.second); });
}

void Training::save(const std::string& path) const {
  auto texts = texts_of(plan_, state_);
  texts["vocabulary"] = vocabulary_.to_json();
  texts["beginning"] = beginning_;
  io::save(path, *this, std::move(texts));
}

void Training::restore(const Saved& saved, const Changes& changes) {
  const io::Parts wanted = saved.is_exported() ? io::Parts{{"model", model_}} : io::Parts(*this);
  std::vector<std::string> except;
  if (!saved.is_exported()) {
    if (changes.windows || changes.text) except.emplace_back("carried");
    if (plateau_ && (changes.schedule || changes.text)) except.emplace_back("plateau");
    if (changes.text) except.emplace_back("stopping");
  }
  const bool changed = changes.windows || changes.schedule || changes.text;
  const text::Batches::Position before = batches_.position();
  if (!changes.text) seek(saved, changes);
  try {
    io::restore(saved.checkpoint, wanted, {.allow_unknown = changed, .except = std::move(except)});
  } catch (...) {
    batches_.seek(before);
    throw;
  }
  if (!changes.text) state_.window = batches_.position().window;
  if (!changes.schedule && !changes.text) return;
  optimizer_->set_learning_rate(plan_.train.lr);
  begin_schedule();
}

void Training::seek(const Saved& saved, const Changes& changes) {
  text::Batches::Position position{saved.state.epoch, saved.state.window};
  if (changes.windows) {
    const TrainSettings& then = saved.plan.train;
    const auto pairs = static_cast<std::int64_t>(batches_.tokens() - 1);
    const std::int64_t windows_then = std::max<std::int64_t>(1, pairs / then.batch / then.length);
    const double share = static_cast<double>(position.window) / static_cast<double>(windows_then);
    position.window = std::min(static_cast<std::int64_t>(share * static_cast<double>(windows_per_epoch())),
                               windows_per_epoch() - 1);
  }
  batches_.seek(position);
}

}  // namespace lm
