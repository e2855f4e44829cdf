#pragma once

#include <sluice/optim/optimizer.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "settings.h"

namespace lm {

/// The optimisers and the schedules there are to choose from.
std::vector<std::string_view> optimizer_names();
std::vector<std::string_view> schedule_names();

/// A learning rate that suits an optimiser.
double default_rate(const std::string& optimizer);

/// The optimiser of the settings. `progress` is an f64 scalar, the share of the training that is done:
/// schedules that end somewhere follow it, so that they fit whatever is the budget, minutes too.
std::unique_ptr<sluice::optim::Optimizer> make_optimizer(const TrainSettings& settings,
                                                         const sluice::NamedVariables& parameters,
                                                         const sluice::Variable& progress,
                                                         sluice::Index windows_per_epoch);

}  // namespace lm
