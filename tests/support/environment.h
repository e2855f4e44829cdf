#pragma once

#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <system_error>

namespace sluice::test {

/// A number that an environment variable gives, `otherwise` where it is not set. Throws, which fails the test
/// that asks, for what is no whole number from `least` to `most`: "1e5" is not 1.
inline unsigned from_environment(const char* name, unsigned otherwise, unsigned least = 0,
                                 unsigned most = 1U << 30) {
  const char* set = std::getenv(name);
  if (set == nullptr) return otherwise;
  const std::string text = set;
  unsigned number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() && number >= least &&
      number <= most)
    return number;
  throw std::invalid_argument(std::string(name) + " must be a whole number from " + std::to_string(least) +
                              " to " + std::to_string(most) + ": got '" + text + "'");
}

}  // namespace sluice::test
