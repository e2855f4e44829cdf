#pragma once

#include <string>

namespace sluice::test {

/// Starts this program again with a setting in its environment, "SLUICE_ISA=avx2", for the tests with a tag.
/// True when they pass. Settings are read once per process.
bool passes_with(const std::string& setting, const std::string& tag);

}  // namespace sluice::test
