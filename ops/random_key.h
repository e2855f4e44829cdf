#pragma once

#include <sluice/graph/shape.h>

#include <string_view>

namespace sluice::random {

/// Throws ShapeError, naming `who`, unless this is what random::key makes.
void require_key(const Spec& key, std::string_view who);

}  // namespace sluice::random
