#include "optimizer.h"

#include <sluice/graph/arithmetic.h>
#include <sluice/ops/maximum.h>
#include <sluice/optim/adam.h>
#include <sluice/optim/adamw.h>
#include <sluice/optim/rmsprop.h>
#include <sluice/optim/sgd.h>

#include <algorithm>
#include <array>

namespace lm {
namespace {

namespace optim = sluice::optim;
using sluice::NamedVariables;
using sluice::Tensor;
using sluice::Variable;

template <class Optimizer, class Options>
std::unique_ptr<optim::Optimizer> make(const TrainSettings& settings, const NamedVariables& parameters,
                                       const optim::Schedule& schedule) {
  Options options;
  options.learning_rate = settings.lr;
  options.weight_decay = settings.weight_decay;
  options.clip_norm = settings.clip;
  options.schedule = schedule;
  return std::make_unique<Optimizer>(parameters, options);
}

struct OptimizerChoice {
  std::string_view name;
  double rate;
  std::unique_ptr<optim::Optimizer> (*make)(const TrainSettings&, const NamedVariables&,
                                            const optim::Schedule&);
};
constexpr std::array<OptimizerChoice, 4> optimizers{{
    {"adam", 8e-3, make<optim::Adam, optim::AdamOptions>},
    {"adamw", 8e-3, make<optim::AdamW, optim::AdamWOptions>},
    {"sgd", 2, make<optim::SGD, optim::SGDOptions>},
    {"rmsprop", 2e-3, make<optim::RMSprop, optim::RMSpropOptions>},
}};

const OptimizerChoice& optimizer_called(const std::string& name) {
  const auto found =
      std::find_if(optimizers.begin(), optimizers.end(), [&](const auto& o) { return o.name == name; });
  if (found == optimizers.end()) throw UserError("no optimizer is called " + name);
  return *found;
}

struct ScheduleChoice {
  std::string_view name;
  optim::Schedule (*make)(const TrainSettings& settings, const Course& course);
};

/// The schedule as a function of the progress instead of the number of steps.
optim::Schedule over(const Variable& progress, const optim::Schedule& schedule) {
  return [progress, schedule](const Tensor&) { return schedule(progress); };
}

// Plateau is not a function of the step: the training lowers the optimiser's rate after an epoch.
const std::array<ScheduleChoice, 5> schedules{{
    {"constant", [](const TrainSettings&, const Course&) { return optim::constant(); }},
    {"cosine", [](const TrainSettings& s,
                  const Course& course) { return over(course.progress, optim::cosine(1, s.final_lr)); }},
    {"exponential",
     [](const TrainSettings& s, const Course& course) {
       return over(course.progress, optim::exponential(s.final_lr));
     }},
    {"step",
     [](const TrainSettings& s, const Course& course) -> optim::Schedule {
       // The first decay is after `decay_after` epochs, the others one epoch apart.
       const double offset = static_cast<double>(1 - s.decay_after);
       return [decay = optim::step_decay(1, s.decay), offset, epochs = course.epochs](const Tensor&) {
         return decay(sluice::maximum(epochs + offset, 0));
       };
     }},
    {"plateau", [](const TrainSettings&, const Course&) { return optim::constant(); }},
}};

optim::Schedule make_schedule(const TrainSettings& settings, const Course& course) {
  const auto found = std::find_if(schedules.begin(), schedules.end(),
                                  [&](const auto& s) { return s.name == settings.schedule; });
  if (found == schedules.end()) throw UserError("no schedule is called " + settings.schedule);
  optim::Schedule schedule = found->make(settings, course);
  if (settings.warmup > 0) {
    schedule = [rise = optim::warm_up(settings.warmup), schedule](const Tensor& t) {
      return rise(t) * schedule(t);
    };
  }
  if (course.first_step == 0) return schedule;
  return [=, first = static_cast<double>(course.first_step)](const Tensor& t) { return schedule(t - first); };
}

template <class Choices>
std::vector<std::string_view> names_of(const Choices& choices) {
  std::vector<std::string_view> names;
  names.reserve(choices.size());
  for (const auto& choice : choices) names.push_back(choice.name);
  return names;
}

}  // namespace

std::vector<std::string_view> optimizer_names() { return names_of(optimizers); }
std::vector<std::string_view> schedule_names() { return names_of(schedules); }

double default_rate(const std::string& optimizer) { return optimizer_called(optimizer).rate; }

std::unique_ptr<optim::Optimizer> make_optimizer(const TrainSettings& settings,
                                                 const NamedVariables& parameters, const Course& course) {
  return optimizer_called(settings.optimizer).make(settings, parameters, make_schedule(settings, course));
}

}  // namespace lm
