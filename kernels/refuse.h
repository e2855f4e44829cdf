#pragma once
/// How this room refuses what it cannot do. It stands below the room of sluice::Error, so that is only
/// declared here.

#include <string>

namespace sluice::kernels {

/// Throws sluice::Error with this text (defined in graph/error.cpp).
[[noreturn]] void refuse(const std::string& message);

}  // namespace sluice::kernels
