#include <utf8proc.h>

#include <cstdint>

#include <sluice/graph/call.h>
#include <sluice/text/utf8.h>
#include <sluice/text/words.h>

namespace sluice::text {
namespace {

enum class Class : std::uint8_t { letter, mark_or_number, apostrophe, blank, line_end, sign };

/// A grapheme cluster, by the class of its first code point.
struct Cluster {
  Class kind;
  std::size_t end;
};

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

constexpr Class class_of_ascii(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return Class::letter;
  if (c >= '0' && c <= '9') return Class::mark_or_number;
  if (c == '\'') return Class::apostrophe;
  if (c == ' ' || c == '\t') return Class::blank;
  return c == '\n' || c == '\r' ? Class::line_end : Class::sign;
}

Class class_of(utf8proc_int32_t c) {
  if (c < 0x80) return class_of_ascii(static_cast<char>(c));
  if (c == 0x2019) return Class::apostrophe;
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return Class::letter;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return Class::mark_or_number;
    default:
      return Class::sign;
  }
}

/// The code point at `position`, which advances. Quicker than `next_code_point`, which words its errors.
utf8proc_int32_t read_code_point(std::string_view text, std::size_t& position) {
  utf8proc_int32_t c = 0;
  const auto rest = text.substr(position);
  const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(rest.data()),
                                     static_cast<utf8proc_ssize_t>(rest.size()), &c);
  if (size <= 0) return static_cast<utf8proc_int32_t>(next_code_point(text, position));
  position += static_cast<std::size_t>(size);
  return c;
}

Cluster cluster_at(std::string_view text, std::size_t start) {
  const char first = text[start];
  const std::size_t after = start + 1;
  // Between two characters of ASCII there is a boundary always, but in \r\n.
  if (is_ascii(first) && (after == text.size() || is_ascii(text[after]))) {
    const bool pair = first == '\r' && after < text.size() && text[after] == '\n';
    return {class_of_ascii(first), after + pair};
  }
  std::size_t end = start;
  utf8proc_int32_t before = read_code_point(text, end);
  const Class kind = class_of(before);
  utf8proc_int32_t state = 0;
  while (end < text.size()) {
    std::size_t next = end;
    const utf8proc_int32_t c = read_code_point(text, next);
    if (utf8proc_grapheme_break_stateful(before, c, &state)) break;
    before = c;
    end = next;
  }
  // A blank with a mark on it is something to see, which no word takes with it.
  return {kind == Class::blank && end > after ? Class::sign : kind, end};
}

bool belongs_to_word(Class kind) { return kind == Class::letter || kind == Class::mark_or_number; }

/// The end of the word whose first cluster is given.
std::size_t end_of_word(std::string_view text, Cluster last) {
  while (last.end < text.size()) {
    Cluster next = cluster_at(text, last.end);
    if (next.kind == Class::apostrophe && last.kind == Class::letter && next.end < text.size()) {
      next = cluster_at(text, next.end);
      if (next.kind != Class::letter) break;
    }
    if (!belongs_to_word(next.kind)) break;
    last = next;
  }
  return last.end;
}

}  // namespace

std::string_view next_word(std::string_view text, std::size_t& position, Location where) {
  const sluice::detail::Call call(where);
  const std::size_t start = position;
  std::size_t behind_blanks = start;
  Cluster next = cluster_at(text, start);
  while (next.kind == Class::blank) {
    behind_blanks = next.end;
    next = behind_blanks < text.size() ? cluster_at(text, behind_blanks)
                                       : Cluster{Class::line_end, behind_blanks};
  }
  const std::size_t blanks = behind_blanks - start;
  const bool takes_one = blanks > 0 && next.kind != Class::line_end && text[behind_blanks - 1] == ' ';
  if (blanks > takes_one) {
    position = behind_blanks - takes_one;
  } else {
    position = belongs_to_word(next.kind) ? end_of_word(text, next) : next.end;
  }
  return text.substr(start, position - start);
}

std::vector<std::string_view> split_words(std::string_view text, Location where) {
  const sluice::detail::Call call(where);
  std::vector<std::string_view> pieces;
  for (std::size_t position = 0; position < text.size();) pieces.push_back(next_word(text, position));
  return pieces;
}

}  // namespace sluice::text
