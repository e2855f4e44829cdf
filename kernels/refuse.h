#pragma once
/// Errors of this room. It is below the room that defines sluice::Error, so it only declares the function.

#include <string>

namespace sluice::kernels {

/// Throws sluice::Error with this text (defined in graph/error.cpp).
[[noreturn]] void refuse(const std::string& message);

}  // namespace sluice::kernels
