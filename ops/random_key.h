#pragma once

#include <sluice/graph/shape.h>

#include <string_view>

namespace sluice::random {

/// Throws ShapeError, naming `who`, unless this is the spec of a key.
void require_key(const Spec& key, std::string_view who);

}  // namespace sluice::random
