#pragma once

#include <sluice/graph/call.h>

#include <string_view>
#include <vector>

namespace sluice::text {

/// Divides UTF-8 text into pieces whose concatenation is the text: a piece is a maximal run of letters,
/// digits and apostrophes (' and U+2019), or any other single character, including white space.
///
/// Letters are those of ASCII and every code point from U+0080 on, except the control characters, punctuation
/// and symbols of U+0080..U+00BF (but not ª, µ, º), × and ÷, U+2000..U+2BFF (punctuation, arrows,
/// mathematical and technical symbols), U+3000..U+303F (CJK punctuation), U+E000..U+F8FF (private use),
/// U+FE00..U+FE6F, U+FEFF and U+FF00..U+FF0F (variants and forms), and U+FFF0..U+FFFF. Scripts written
/// without spaces make long pieces: use characters for them. The views point into `text`. Throws Error if the
/// text is not UTF-8.
std::vector<std::string_view> split_words(std::string_view text, Location where = Location::current());

}  // namespace sluice::text
