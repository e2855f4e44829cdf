#include "training.h"

#include <fmt/format.h>
#include <sluice/nn/loss.h>
#include <sluice/ops/random.h>

#include <algorithm>
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
using sluice::NamedVariables;
using sluice::Tensor;

constexpr std::string_view program = "sluice.lm.1";

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

void add(NamedVariables& all, const std::string& prefix, const NamedVariables& some) {
  for (const auto& [name, variable] : some) all.push_back({prefix + name, variable});
}

std::optional<optim::Plateau> make_plateau(const TrainSettings& settings, const optim::Optimizer& optimizer) {
  if (settings.schedule != "plateau") return std::nullopt;
  // More epochs without improvement than an int can count do not happen.
  const auto patience = std::min<std::int64_t>(settings.decay_after, std::numeric_limits<int>::max());
  return optim::Plateau(optimizer, {.factor = settings.decay, .patience = static_cast<int>(patience)});
}

}  // namespace

Training::Training(const Plan& plan, const text::Vocabulary& vocabulary, std::vector<std::int32_t> tokens)
    : plan_(plan),
      vocabulary_(vocabulary),
      batches_(training_batches(std::move(tokens), plan.train)),
      model_(plan.model, static_cast<sluice::Index>(vocabulary.size()),
             static_cast<std::uint64_t>(plan.train.seed)),
      carried_(model_.layers(), plan.train.batch),
      dropout_key_(
          sluice::random::fold_in(sluice::random::key(static_cast<std::uint64_t>(plan.train.seed)), 1)),
      progress_(sluice::zeros({}, DType::float64)),
      optimizer_(make_optimizer(plan.train, model_.variables(), progress_, windows_per_epoch())),
      plateau_(make_plateau(plan.train, *optimizer_)),
      step_([this](const Tensor& x, const Tensor& y) { return loss_and_update(x, y); },
            sluice::zeros({plan.train.length, plan.train.batch}, DType::int32),
            sluice::zeros({plan.train.length, plan.train.batch}, DType::int32)) {}

Tensor Training::loss_and_update(const Tensor& x, const Tensor& y) {
  const sluice::Tensors keys = sluice::random::split(dropout_key_, 2);
  const Model::Result result = model_(x, carried_.read(), nn::Mode::train, keys[0]);
  Tensor loss = nn::cross_entropy(result.logits, y);
  optimizer_->update(loss);
  carried_.assign(result.states);
  dropout_key_.assign(keys[1]);
  return loss;
}

double Training::step(double progress) {
  progress_.set(sluice::full({}, progress, DType::float64).value());
  const text::Batches::Window window =
      batches_.next(step_.input<std::int32_t>(0), step_.input<std::int32_t>(1));
  if (window.first) carried_.reset();
  step_.run();
  const double loss = static_cast<double>(step_.output<float>(0)[0]);
  ++state_.step;
  state_.epoch = batches_.position().epoch;
  state_.window = batches_.position().window;
  state_.loss_sum += loss;
  ++state_.loss_count;
  return loss;
}

void Training::note_epoch(std::optional<double> nats) {
  state_.validated = state_.epoch;
  if (!nats) return;
  if (plateau_) plateau_->observe(*nats);
  const bool better = state_.best < 0 || *nats < state_.best;
  if (better) state_.best = *nats;
  state_.bad = better ? 0 : state_.bad + 1;
}

NamedVariables Training::variables() const {
  NamedVariables all;
  add(all, "model.", model_.variables());
  add(all, "carried.", carried_.variables());
  add(all, "optimizer.", optimizer_->variables());
  if (plateau_) add(all, "", plateau_->variables());
  all.push_back({"dropout_key", dropout_key_});
  all.push_back({"progress", progress_});
  return all;
}

void Training::save(const std::string& path) const {
  io::save(path, variables(),
           {{"program", std::string(program)},
            {"model", to_text(plan_.model)},
            {"train", to_text(plan_.train)},
            {"budget", to_text(plan_.budget)},
            {"text", to_text(plan_.text)},
            {"state", to_text(state_)},
            {"vocabulary", vocabulary_.to_json()}});
}

void Training::restore(const Saved& saved) {
  const text::Batches::Position before = batches_.position();
  batches_.seek({saved.state.epoch, saved.state.window});
  try {
    io::restore(saved.checkpoint, variables());
  } catch (...) {
    batches_.seek(before);
    throw;
  }
  state_ = saved.state;
}

Saved open_saved(const std::string& path) {
  io::Checkpoint checkpoint = io::load(path);
  const auto found = checkpoint.texts.find("program");
  if (found == checkpoint.texts.end() || found->second != program) {
    throw UserError(fmt::format("{} is no model of lm: another program wrote it", path));
  }
  Plan plan{from_text<ModelSettings>(checkpoint.text("model")),
            from_text<TrainSettings>(checkpoint.text("train")), from_text<Budget>(checkpoint.text("budget")),
            from_text<TextIdentity>(checkpoint.text("text"))};
  resolve(plan.model);
  resolve(plan.train);
  resolve(plan.budget);
  const auto state = from_text<TrainingState>(checkpoint.text("state"));
  text::Vocabulary vocabulary = text::Vocabulary::from_json(checkpoint.text("vocabulary"));
  return {std::move(checkpoint), std::move(plan), state, std::move(vocabulary)};
}

Model Saved::model() const {
  Model model(plan.model, static_cast<sluice::Index>(vocabulary.size()), 0);
  io::restore(checkpoint, model.variables(), {.prefix = "model."});
  return model;
}

}  // namespace lm
