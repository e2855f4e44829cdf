#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>

#include <sluice/graph/call.h>
#include <sluice/graph/error.h>
#include <sluice/text/escape.h>
#include <sluice/text/utf8.h>

namespace sluice::text {
namespace {

/// What an escape stands for, and its length in bytes from the backslash on.
struct Escape {
  std::string text;
  std::size_t length;
};

/// Reads a number that consists of hex digits only.
std::optional<std::uint32_t> hex(std::string_view digits) {
  std::uint32_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, value, 16);
  if (error != std::errc() || rest != end) return std::nullopt;
  return value;
}

/// The escape that a text begins with; nothing if there is none such.
std::optional<Escape> read_escape(std::string_view text) {
  const auto code_point = [](std::optional<std::uint32_t> value,
                             std::size_t length) -> std::optional<Escape> {
    if (!value) return std::nullopt;
    return Escape{encode_utf8(static_cast<char32_t>(*value)), length};
  };
  if (text.size() < 2) return std::nullopt;
  switch (text[1]) {
    case 'n':
      return Escape{"\n", 2};
    case 't':
      return Escape{"\t", 2};
    case 'r':
      return Escape{"\r", 2};
    case '\\':
      return Escape{"\\", 2};
    case 'x': {
      const auto byte = text.size() < 4 ? std::nullopt : hex(text.substr(2, 2));
      if (!byte) return std::nullopt;
      return Escape{std::string(1, static_cast<char>(*byte)), 4};
    }
    case 'u': {
      if (text.substr(2).starts_with('{')) {
        const std::size_t digits = text.substr(3).find('}');
        if (digits > 6) return std::nullopt;  // or none is there: npos
        return code_point(hex(text.substr(3, digits)), digits + 4);
      }
      return text.size() < 6 ? std::nullopt : code_point(hex(text.substr(2, 4)), 6);
    }
    default:
      return std::nullopt;
  }
}

/// As much after a backslash as shows a reader what is meant.
std::string_view beginning_of(std::string_view escape) {
  std::size_t length = escape.starts_with("\\u{") ? 10 : escape.starts_with("\\u") ? 6 : 4;
  length = std::min({length, escape.size(), escape.find_first_of(" \n", 1)});
  const std::size_t longest = std::min(length + 3, escape.size());  // a character is not cut
  while (length < longest && continues_character(escape[length])) ++length;
  return escape.substr(0, length);
}

}  // namespace

std::string unescape(std::string_view text, Location where) {
  const sluice::detail::Call call(where);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '\\') {
      out += text[at++];
      continue;
    }
    const std::string_view rest = text.substr(at);
    const std::optional<Escape> escape = read_escape(rest);
    if (!escape) {
      throw Error(
          fmt::format("[unescape] a backslash must be followed by n, t, r, \\, xHH, uHHHH or u{{H...}}, H a "
                      "hex digit: got '{}' at byte {}; write \\\\ for a backslash",
                      visible(beginning_of(rest)), at));
    }
    out += escape->text;
    at += escape->length;
  }
  return out;
}

std::string visible(std::string_view text) {
  Utf8Stream stream;
  std::string characters = stream.push(text);
  characters += stream.finish();
  std::string out;
  for (std::size_t at = 0; at < characters.size();) {
    const std::size_t begin = at;
    const char32_t c = next_code_point(characters, at);
    const bool directs = (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
    if (c < 0x20 && c != '\n' && c != '\t') {
      out += encode_utf8(0x2400 + c);
    } else if (c == 0x7F) {
      out += encode_utf8(0x2421);
    } else if ((c >= 0x80 && c < 0xA0) || directs) {
      fmt::format_to(std::back_inserter(out), "<U+{:04X}>", static_cast<std::uint32_t>(c));
    } else {
      out.append(characters, begin, at - begin);
    }
  }
  return out;
}

}  // namespace sluice::text
