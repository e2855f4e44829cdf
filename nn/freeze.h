#pragma once

#include <sluice/nn/module.h>

namespace sluice::nn {

/// Freezes all Variables of a module, or unfreezes them: from now on optimisers leave frozen ones as they
/// are, whether they were made before or not; compiled training steps are traced again when they are next
/// called. Moments are kept meanwhile. A Variable that is tied to one elsewhere is frozen there, too.
/// Checkpoints do not store what is frozen. See Variable::freeze.
void freeze(const Module& model, Location where = Location::current());
void unfreeze(const Module& model, Location where = Location::current());

}  // namespace sluice::nn
