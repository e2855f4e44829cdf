#include <sluice/kernels/setting.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <system_error>

#include <sluice/kernels/refuse.h>

namespace sluice::kernels::detail {

namespace {

std::string_view text_of(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

}  // namespace

std::string_view setting(const char* name, std::initializer_list<std::string_view> choices) {
  const std::string_view text = text_of(name);
  if (text.empty() || std::find(choices.begin(), choices.end(), text) != choices.end()) return text;
  refuse(fmt::format(
      "[{}] the environment variable must be one of {}: got '{}'; set it to one of them, or unset it", name,
      fmt::join(choices, ", "), text));
}

int count_setting(const char* name, int most) {
  const std::string_view text = text_of(name);
  if (text.empty()) return 0;
  int count = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, count);
  if (parsed.ptr == end && parsed.ec == std::errc{} && count >= 1 && count <= most) return count;
  refuse(
      fmt::format("[{}] the environment variable must be a whole number from 1 to {}, digits only: got '{}'; "
                  "set it to one, or "
                  "unset it",
                  name, most, text));
}

}  // namespace sluice::kernels::detail
