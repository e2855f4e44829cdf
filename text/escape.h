#pragma once

#include <sluice/graph/call.h>

#include <string>
#include <string_view>

/// Text on its way from a command line and to a terminal.
namespace sluice::text {

/// A text with escapes, such as one given on a command line, as the text that is meant:
///
///     \n \t \r \\         line feed, tab, carriage return, backslash
///     \xHH                the byte with these two hex digits
///     \uHHHH \u{H...}     the UTF-8 of the code point with these four, or one to six, hex digits
///
/// All else stays as it is. With \x the result need not be UTF-8. Throws Error if something else follows a
/// backslash, or if a code point is above U+10FFFF or a surrogate.
std::string unescape(std::string_view text, Location where = Location::current());

/// The text as UTF-8 that is safe to print on a terminal: nothing in it moves the cursor, changes colours or
/// reverses the order of what is read, except line feeds and tabs, which stay.
///
/// * Other control characters (U+0000..U+001F, U+007F) are their pictures U+2400..U+241F and U+2421.
/// * Control characters of U+0080..U+009F, and those that embed, override or isolate directions
///   (U+202A..U+202E, U+2066..U+2069), are written <U+009B>.
/// * Bytes that are not UTF-8 are U+FFFD, one for each maximal part of a character.
///
/// Each character is replaced for itself, so a text may come in pieces of whole characters (`Utf8Stream`).
std::string visible(std::string_view text);

}  // namespace sluice::text
