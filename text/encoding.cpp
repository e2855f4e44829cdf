#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <sluice/text/encoding.h>
#include <sluice/text/gzip.h>
#include <sluice/text/utf8.h>

namespace sluice::text {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view utf8_mark = "\xEF\xBB\xBF";
constexpr std::uint32_t utf16_mark = 0xFEFF;

bool is_high_surrogate(std::uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low_surrogate(std::uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

/// The code units of UTF-16.
class Units {
 public:
  Units(std::string_view bytes, bool little) : bytes_(bytes), little_(little) {}
  std::size_t size() const { return bytes_.size() / 2; }
  std::uint32_t operator[](std::size_t i) const {
    const auto first = static_cast<unsigned char>(bytes_[2 * i]);
    const auto second = static_cast<unsigned char>(bytes_[2 * i + 1]);
    return static_cast<std::uint32_t>(little_ ? second << 8 | first : first << 8 | second);
  }

 private:
  std::string_view bytes_;
  bool little_;
};

bool is_control(std::uint32_t unit) {
  const bool allowed = unit == '\t' || unit == '\n' || unit == '\f' || unit == '\r';
  return !allowed && (unit < 0x20 || (unit >= 0x7F && unit < 0xA0));
}

/// Whether bytes without a mark look like UTF-16, by the rule in encoding.h. High halves of a second script end
/// at 1f, for from 20 on they are what pairs of ASCII look like, of a table whose fields end with zero bytes.
bool looks_like_utf16(std::string_view bytes, bool little) {
  if (bytes.size() < 4 || bytes.size() % 2 != 0) return false;
  if (bytes.find('\0') == std::string_view::npos) return false;  // quick for most texts: no half is zero
  const Units units(bytes, little);
  std::array<std::size_t, 256> high{};
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (is_control(units[i])) return false;
    ++high[units[i] >> 8];
  }
  const std::size_t second = *std::max_element(high.begin() + 1, high.begin() + 0x20);
  return high[0] >= (units.size() + 15) / 16 && 8 * (high[0] + second) >= 7 * units.size();
}

/// Bytes of UTF-8 that the code units take at most: what is no surrogate, exactly.
std::size_t size_in_utf8(const Units& units) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < units.size(); ++i) {
    const std::uint32_t unit = units[i];
    size += unit < 0x80 ? 1 : unit < 0x800 || is_high_surrogate(unit) || is_low_surrogate(unit) ? 2 : 3;
  }
  return size;
}

/// Converts in place of an exception: returns what is wrong and where.
std::string append_units(const Units& units, std::size_t first, std::string& text) {
  for (std::size_t i = first; i < units.size(); ++i) {
    std::uint32_t c = units[i];
    if (c == 0) return fmt::format("a zero character at byte {}", 2 * i);
    if (c < 0x80) {
      text += static_cast<char>(c);
      continue;
    }
    if (is_high_surrogate(c) && i + 1 < units.size() && is_low_surrogate(units[i + 1])) {
      c = 0x10000 + ((c - 0xD800) << 10) + (units[++i] - 0xDC00);
    } else if (is_high_surrogate(c) || is_low_surrogate(c)) {
      return fmt::format("a lone surrogate (0x{:04x}) at byte {}", c, 2 * i);
    }
    std::array<utf8proc_uint8_t, 4> bytes{};
    const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), bytes.data());
    text.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size));
  }
  return "";
}

std::string why_no_text(std::string_view bytes) {
  if (bytes.empty()) return "empty";
  const std::size_t zero = bytes.find('\0');
  if (zero != std::string_view::npos) return fmt::format("binary: a zero byte at {}", zero);
  const std::size_t valid = valid_prefix(bytes);
  if (valid == bytes.size()) return "";
  const auto line = 1 + std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(valid), '\n');
  return fmt::format("not UTF-8: line {}, byte {} (0x{:02x})", line, valid,
                     static_cast<unsigned char>(bytes[valid]));
}

Converted convert_unzipped(std::string bytes) {
  const std::string_view all = bytes;
  if (all.starts_with("\xFF\xFE\0\0"sv) || all.starts_with("\0\0\xFE\xFF"sv)) return {"", "", "UTF-32"};
  if (all.starts_with("\xFF\xFE") || looks_like_utf16(all, true)) return utf16_to_utf8(all, true);
  if (all.starts_with("\xFE\xFF") || looks_like_utf16(all, false)) return utf16_to_utf8(all, false);
  Converted result;
  if (all.starts_with(utf8_mark)) {
    bytes.erase(0, utf8_mark.size());
    result.note = "UTF-8 with a mark";
  }
  result.why_not = why_no_text(bytes);
  if (result.why_not.empty()) result.text = std::move(bytes);
  return result;
}

}  // namespace

Converted utf16_to_utf8(std::string_view bytes, bool little_end_first) {
  const Units units(bytes, little_end_first);
  const bool marked = units.size() > 0 && units[0] == utf16_mark;
  Converted result;
  result.note = fmt::format("UTF-16, {} end first, {} a mark", little_end_first ? "little" : "big",
                            marked ? "with" : "without");
  result.text.reserve(size_in_utf8(units));
  std::string wrong = append_units(units, marked, result.text);
  if (wrong.empty() && bytes.size() % 2 != 0)
    wrong = fmt::format("half a character at byte {}", bytes.size() - 1);
  if (!wrong.empty()) {
    result.why_not = fmt::format("{}: {}", result.note, wrong);
  } else if (result.text.empty()) {
    result.why_not = "empty";
  }
  if (!result.why_not.empty()) result.text = std::string();
  return result;
}

Converted convert_to_utf8(std::string bytes) {
  if (!is_gzip(bytes)) return convert_unzipped(std::move(bytes));
  Unzipped content = gunzip(bytes);
  if (!content.why_not.empty()) return {"", "gzip", "gzip, " + content.why_not};
  bytes = std::string();
  Converted result = convert_unzipped(std::move(content.bytes));
  result.note = result.note.empty() ? "gzip" : "gzip, " + result.note;
  if (!result.why_not.empty()) result.why_not = "gzip with content that is no text (" + result.why_not + ")";
  return result;
}

}  // namespace sluice::text
