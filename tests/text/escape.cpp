#include <algorithm>
#include <random>
#include <string>
#include <string_view>

#include <sluice/graph/error.h>
#include <sluice/text/escape.h>
#include <sluice/text/utf8.h>

#include "support/catch.h"

using sluice::text::decode_utf8;
using sluice::text::encode_utf8;
using sluice::text::unescape;
using sluice::text::visible;

TEST_CASE("Escapes stand for what cannot be typed") {
  CHECK(unescape("").empty());
  CHECK(unescape(R"(ROMEO:\n)") == "ROMEO:\n");
  CHECK(unescape(R"(\t\r\\)") == "\t\r\\");
  CHECK(unescape(R"(\\n)") == "\\n");
  CHECK(unescape(R"(a\x41\x7fz)") == "aA\x7Fz");
  CHECK(unescape(R"(\xFF\x00)") == std::string("\xFF\0", 2));
  CHECK(unescape(R"(\xc3\xa9)") == "\u00E9");
  CHECK(unescape(R"(\u00e9\u4F60x)") == "\u00E9\u4F60x");
  CHECK(unescape(R"(\u00e91)") == "\u00E91");
  CHECK(unescape(R"(\u{1F600}\u{a}\u{00000a}\u{10FFFF})") == "\U0001F600\n\n\U0010FFFF");
  CHECK(unescape("\"\u4F60\" 'a' \xFF") == "\"\u4F60\" 'a' \xFF");
}

TEST_CASE("Anything else after a backslash is an error that says what there is") {
  const std::string rule =
      "[unescape] a backslash must be followed by n, t, r, \\, xHH, uHHHH or u{H...}, H a hex digit: got '";
  const auto refused = [&](const std::string& text, const std::string& got) {
    CAPTURE(text);
    CHECK_THROWS_WITH(unescape(text), contains(rule + got + "; write \\\\ for a backslash"));
  };
  refused("C:\\path", "\\pat' at byte 2");
  refused("\\", "\\' at byte 0");
  refused("\\q now", "\\q' at byte 0");
  refused("\\N", "\\N' at byte 0");
  refused("\\0", "\\0' at byte 0");
  refused("a\\\\\\", "\\' at byte 3");
  refused("\\x", "\\x' at byte 0");
  refused("\\x4", "\\x4' at byte 0");
  refused("\\x4g!", "\\x4g' at byte 0");
  refused("\\x+4", "\\x+4' at byte 0");
  refused("\\x-1", "\\x-1' at byte 0");
  refused("\\x 4", "\\x' at byte 0");
  refused("\\u12", "\\u12' at byte 0");
  refused("\\u123", "\\u123' at byte 0");
  refused("\\u00g0", "\\u00g0' at byte 0");
  refused("\\u{}", "\\u{}' at byte 0");
  refused("\\u{1F600", "\\u{1F600' at byte 0");
  refused("\\u{0000041}", "\\u{0000041' at byte 0");
  refused("\\u{12 34}", "\\u{12' at byte 0");
  refused("\\u{-1}", "\\u{-1}' at byte 0");
  refused("\\\x1B[2J", "\\\u241B[2' at byte 0");
  refused("\\xa\u4F60!", "\\xa\u4F60' at byte 0");
  refused("\\" + std::string(1000, '\x80'), "\\" + visible(std::string(6, '\x80')) + "' at byte 0");
  refused("\\\xFF", "\\\uFFFD' at byte 0");
}

TEST_CASE("Code points that are no characters are errors") {
  CHECK_THROWS_WITH(unescape(R"(\uD83D\uDE00)"), contains("got U+D83D"));
  CHECK_THROWS_WITH(unescape(R"(\u{110000})"), contains("got U+110000"));
  CHECK_THROWS_WITH(unescape(R"(\u{ffffff})"), contains("got U+FFFFFF"));
}

TEST_CASE("Control characters are shown, not obeyed") {
  CHECK(visible("").empty());
  CHECK(visible("a\tb\n") == "a\tb\n");
  CHECK(visible("\x1B[31mred\x1B[0m") == "\u241B[31mred\u241B[0m");
  CHECK(visible(std::string("\0\x07\r\x1F", 4)) == "\u2400\u2407\u240D\u241F");
  CHECK(visible("\x7F") == "\u2421");
  CHECK(visible("\u0080\u009B2J\u009F\u00A0") == "<U+0080><U+009B>2J<U+009F>\u00A0");
  CHECK(visible("\u202Aa\u202E\u2066b\u2069") == "<U+202A>a<U+202E><U+2066>b<U+2069>");
  // What stands next to these stays as it is.
  CHECK(visible("\u2029\u202F\u2065\u206A ~") == "\u2029\u202F\u2065\u206A ~");
  CHECK(visible("na\u00EFve \u4F60 \U0001F600") == "na\u00EFve \u4F60 \U0001F600");
}

TEST_CASE("Bytes that are not UTF-8 are shown as U+FFFD") {
  CHECK(visible("caf\xE9!") == "caf\uFFFD!");
  CHECK(visible("\x9B") == "\uFFFD");
  CHECK(visible("\xE4\xBD") == "\uFFFD");
  CHECK(visible("\xFF\xFE") == "\uFFFD\uFFFD");
}

TEST_CASE("Whatever is shown is UTF-8 without control characters, and stays when shown again") {
  std::mt19937 random(8);
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (unsigned i = random() % 20; i > 0; --i) {
      if (random() % 2) {
        text += static_cast<char>(random() % 256);
      } else {
        text += encode_utf8(random() % 2 ? 0x2000 + random() % 0x80 : random() % 0x100);
      }
    }
    const std::string shown = visible(text);
    REQUIRE(visible(shown) == shown);
    for (const char32_t c : decode_utf8(shown)) {
      REQUIRE((c >= 0x20 || c == '\n' || c == '\t'));
      REQUIRE((c < 0x7F || c >= 0xA0));
      REQUIRE((c < 0x202A || c > 0x202E));
      REQUIRE((c < 0x2066 || c > 0x2069));
    }
    // Escaped by hand, a text comes back.
    std::string escaped;
    for (const char byte : text) {
      static constexpr std::string_view digits = "0123456789abcdef";
      const auto value = static_cast<unsigned char>(byte);
      if (byte == '\\' || random() % 2) {
        escaped += {'\\', 'x', digits[value / 16], digits[value % 16]};
      } else {
        escaped += byte;
      }
    }
    REQUIRE(unescape(escaped) == text);
  }
}
