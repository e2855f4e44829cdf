#pragma once

#include <sluice/optim/optimizer.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "settings.h"

namespace lm {

/// The names of the available optimisers and schedules.
std::vector<std::string_view> optimizer_names();
std::vector<std::string_view> schedule_names();

/// A learning rate that suits an optimiser.
double default_rate(const std::string& optimizer);

/// What a schedule follows.
struct Course {
  sluice::Variable progress;     ///< an f64 scalar, the share of the schedule that is over: those with an end
                                 ///< follow it, so that they fit any budget, including minutes
  sluice::Variable epochs;       ///< an f64 scalar, the epochs completed since the schedule began
  sluice::Index first_step = 0;  ///< the optimizer's step at which the schedule begins
};

/// The optimiser for the settings.
std::unique_ptr<sluice::optim::Optimizer> make_optimizer(const TrainSettings& settings,
                                                         const sluice::NamedVariables& parameters,
                                                         const Course& course);

}  // namespace lm
