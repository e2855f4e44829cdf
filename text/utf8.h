#pragma once

#include <sluice/graph/call.h>

#include <cstddef>
#include <string>
#include <string_view>

/// Strict UTF-8: overlong forms, surrogates, code points above U+10FFFF and truncated characters are errors
/// (The Unicode Standard, table 3-7). The results of these functions are always valid UTF-8.
namespace sluice::text {

/// U+FFFD, shown in place of bytes that are not UTF-8 and of unknown tokens.
inline constexpr std::string_view replacement = "\xEF\xBF\xBD";

/// Whether a byte of UTF-8 is not the first of its character.
inline bool continues_character(char byte) { return (byte & 0xC0) == 0x80; }

/// The code point that starts at byte `position` of `text`; advances `position` past it. Requires `position <
/// text.size()`. Throws Error with the byte offset, the line (from 1) and the bytes in hex.
char32_t next_code_point(std::string_view text, std::size_t& position, Location where = Location::current());

/// All code points of `text`. Throws like `next_code_point`.
std::u32string decode_utf8(std::string_view text, Location where = Location::current());

/// The 1 to 4 bytes of one code point. Throws Error for surrogates and values above U+10FFFF.
std::string encode_utf8(char32_t code_point, Location where = Location::current());

/// Length in bytes of the longest prefix of `bytes` that consists of complete, valid characters.
std::size_t valid_prefix(std::string_view bytes);

/// Turns bytes that arrive in pieces into text that can be shown at once: a character is returned with its
/// last byte, and an invalid sequence as U+FFFD, one for each maximal part of a character (as browsers do).
/// Holds back at most three bytes.
class Utf8Stream {
 public:
  /// The text that is complete after `bytes`.
  std::string push(std::string_view bytes);
  /// Ends the input: returns U+FFFD if a character is incomplete, otherwise nothing.
  std::string finish();

 private:
  std::string pending_;
};

}  // namespace sluice::text
