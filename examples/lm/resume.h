#pragma once

#include "commands.h"
#include "saved.h"
#include "training.h"

namespace lm {

/// How a saved training goes on: settings may be given anew where that has a meaning.
struct Resumption {
  Plan plan;
  Changes changes;
};

/// The plan of a training resumed with the options of a command. Throws UserError with the reason for a
/// setting that cannot change.
Resumption resumption(const TrainCommand& command, const Saved& saved);

}  // namespace lm
