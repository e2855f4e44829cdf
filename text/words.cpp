#include <cstddef>

#include <sluice/graph/call.h>
#include <sluice/text/utf8.h>
#include <sluice/text/words.h>

namespace sluice::text {
namespace {

bool in(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

bool belongs_to_word(char32_t c) {
  if (c < 0x80) return in(c, 'a', 'z') || in(c, 'A', 'Z') || in(c, '0', '9') || c == '\'';
  if (c == 0x2019 || c == 0xAA || c == 0xB5 || c == 0xBA) return true;
  return !(c < 0xC0 || c == 0xD7 || c == 0xF7 || in(c, 0x2000, 0x2BFF) || in(c, 0x3000, 0x303F) ||
           in(c, 0xE000, 0xF8FF) || in(c, 0xFE00, 0xFE6F) || c == 0xFEFF || in(c, 0xFF00, 0xFF0F) ||
           in(c, 0xFFF0, 0xFFFF));
}

}  // namespace

std::vector<std::string_view> split_words(std::string_view text, Location where) {
  const sluice::detail::Call call(where);
  std::vector<std::string_view> pieces;
  std::size_t start = 0;  // of the current word
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t here = position;
    if (belongs_to_word(next_code_point(text, position))) continue;
    if (start < here) pieces.push_back(text.substr(start, here - start));
    pieces.push_back(text.substr(here, position - here));
    start = position;
  }
  if (start < text.size()) pieces.push_back(text.substr(start));
  return pieces;
}

}  // namespace sluice::text
