#pragma once

#include <sluice/graph/call.h>

#include <cstddef>
#include <string_view>
#include <vector>

namespace sluice::text {

/// Divides UTF-8 text into pieces whose concatenation is the text. What people see as one character (a
/// grapheme cluster of Unicode Standard Annex 29, of a code point with its marks or of several that are shown
/// as one) is never cut, and is what its first code point is by its general category. A piece is
///
/// * a word: a maximal run of letters, marks and numbers (L*, M*, N*), in which an apostrophe (' or U+2019)
///   may stand between two letters, or
/// * a sign: any other character, alone, the underscore (Pc) among them, either with the one blank (U+0020)
///   that stands before it, if there is one;
/// * a run of blanks and tabs, without its last blank if a word or a sign takes that;
/// * a line end: \n, \r\n or \r.
///
/// "He said (it's so)." gives "He", " said", " (", "it's", " so", ")", ".". Spaces other than U+0020 and the
/// other control characters are signs. Scripts written without spaces make long words: use characters for
/// them. The classes are those of the Unicode version that utf8proc knows. The views point into `text`.
/// Throws Error if the text is not UTF-8.
std::vector<std::string_view> split_words(std::string_view text, Location where = Location::current());

/// The piece that starts at byte `position` of `text`, which 0 does and the end of each piece; advances
/// `position` past it. For texts of which a list of pieces would take too much memory. Requires `position <
/// text.size()`. Throws Error if what it reads is not UTF-8.
std::string_view next_word(std::string_view text, std::size_t& position,
                           Location where = Location::current());

}  // namespace sluice::text
