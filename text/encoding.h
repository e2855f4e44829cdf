#pragma once

#include <string>
#include <string_view>

namespace sluice::text {

/// What was made of bytes.
struct Converted {
  std::string text;     ///< UTF-8
  std::string note;     ///< what was done: "gzip", "UTF-8 with a mark", "gzip, UTF-16, ..."; empty: nothing
  std::string why_not;  ///< why the bytes are no text, and `text` is empty; empty: they are one
};

/// Bytes as text: UTF-8 without zero bytes.
///
/// * gzip files (known by their first bytes) are decompressed.
/// * UTF-16 with a mark (ff fe or fe ff) is converted, and so is what looks like UTF-16 without one: an even
///   number of bytes, four or more, in which nearly all code units (7 of 8) have the same zero half or, with
///   at least one zero half in 16, a second high half of 01..1f (Latin, Greek, Cyrillic, Hebrew, Arabic and
///   the scripts of India), and none is a control character but \t, \n, \f and \r.
/// * A mark at the beginning (U+FEFF) is left out.
///
/// Anything else must be UTF-8 as it is. Refuses nothing: `why_not` is "empty", "binary: a zero byte at 12"
/// (bytes count from 0), "not UTF-8: line 3, byte 57 (0x92)" (lines count from 1), "gzip, cut off at byte
/// 1200", "UTF-16, little end first, with a mark: a lone surrogate (0xd83d) at byte 10", "UTF-32", ...
Converted convert_to_utf8(std::string bytes);

/// UTF-16 as UTF-8; a mark at the beginning is left out. `note` is "UTF-16, little end first, with a mark" or
/// the like. Refuses nothing: lone surrogates, zero characters and half a code unit at the end are in
/// `why_not`.
Converted utf16_to_utf8(std::string_view bytes, bool little_end_first);

}  // namespace sluice::text
