#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::data::detail {

/// The beginning of a text from a file, for a message: on one line and in quotes.
inline std::string shown_text(std::string_view text) {
  constexpr std::size_t most = 40;
  std::size_t size = text.size();
  if (size > most) {
    size = most;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;  // inside a character
  }
  std::string shown = "'";
  for (const char byte : text.substr(0, size)) {
    const auto code = static_cast<unsigned char>(byte);
    if (code < 0x20 || code == 0x7F) {
      shown += fmt::format("\\x{:02x}", code);
    } else {
      shown += byte;
    }
  }
  return shown + (size < text.size() ? "...'" : "'");
}

}  // namespace sluice::data::detail
