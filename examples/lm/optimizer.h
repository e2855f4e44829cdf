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

/// The optimiser for the settings. `progress` is an f64 scalar, the fraction of the training that is done:
/// schedules with an end follow it, so that they fit any budget, including minutes.
std::unique_ptr<sluice::optim::Optimizer> make_optimizer(const TrainSettings& settings,
                                                         const sluice::NamedVariables& parameters,
                                                         const sluice::Variable& progress,
                                                         sluice::Index windows_per_epoch);

}  // namespace lm
