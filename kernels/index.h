#pragma once

#include <cstdint>

namespace sluice {

/// Counts elements, axes and bytes. Signed, so that differences and loops downwards are safe.
using Index = std::int64_t;

}  // namespace sluice
