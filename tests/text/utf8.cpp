#include <cstddef>
#include <initializer_list>
#include <random>
#include <string>
#include <string_view>

#include <sluice/graph/error.h>
#include <sluice/text/utf8.h>

#include "support/catch.h"

namespace text = sluice::text;
using sluice::Error;

namespace {

bool is_one_character(const std::string& bytes) {
  std::size_t position = 0;
  try {
    text::next_code_point(bytes, position);
  } catch (const Error&) {
    return false;
  }
  return position == bytes.size();
}

std::string bytes_of(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes += static_cast<char>(value);
  return bytes;
}

std::string message(const std::string& where_and_why) {
  return "[utf8] a text must be valid UTF-8: got " + where_and_why +
         "; convert the text to UTF-8 or use byte tokens";
}

}  // namespace

TEST_CASE("Known characters have their known bytes") {
  CHECK(text::encode_utf8(U'A') == "A");
  CHECK(text::encode_utf8(0) == std::string(1, '\0'));
  CHECK(text::encode_utf8(0x7F) == "\x7F");
  CHECK(text::encode_utf8(0x80) == "\xC2\x80");
  CHECK(text::encode_utf8(0xE9) == "\xC3\xA9");
  CHECK(text::encode_utf8(0x7FF) == "\xDF\xBF");
  CHECK(text::encode_utf8(0x800) == "\xE0\xA0\x80");
  CHECK(text::encode_utf8(0x20AC) == "\xE2\x82\xAC");
  CHECK(text::encode_utf8(0xFFFF) == "\xEF\xBF\xBF");
  CHECK(text::encode_utf8(0x10000) == "\xF0\x90\x80\x80");
  CHECK(text::encode_utf8(0x1F600) == "\xF0\x9F\x98\x80");
  CHECK(text::encode_utf8(0x10FFFF) == "\xF4\x8F\xBF\xBF");
  CHECK(text::encode_utf8(0xFFFD) == text::replacement);
}

TEST_CASE("Every code point survives encoding and decoding") {
  std::u32string all;
  std::string bytes;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    all += c;
    bytes += text::encode_utf8(c);
  }
  CHECK((text::decode_utf8(bytes) == all));
  CHECK(text::valid_prefix(bytes) == bytes.size());
}

// Together with the round trip of every code point, the numbers of accepted byte strings prove that nothing
// else is accepted.
TEST_CASE("Exactly the encodings of code points are characters") {
  std::size_t one = 0, two = 0, three = 0, four = 0;
  for (int a = 0; a < 256; ++a) {
    one += is_one_character(bytes_of({a}));
    for (int b = 0; b < 256; ++b) two += is_one_character(bytes_of({a, b}));
  }
  CHECK(one == 0x80);
  CHECK(two == 0x800 - 0x80);
  for (int a = 0xC0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      for (const int c : {0x00, 0x7F, 0x80, 0xBF, 0xC0, 0xFF}) {
        three += is_one_character(bytes_of({a, b, c}));
        for (const int d : {0x00, 0x7F, 0x80, 0xBF, 0xC0, 0xFF})
          four += is_one_character(bytes_of({a, b, c, d}));
      }
    }
  }
  // Of the 64 valid last bytes two were tried.
  CHECK(three == (std::size_t{0x10000} - 0x800 - 0x800) / 64 * 2);
  CHECK(four == (std::size_t{0x110000} - 0x10000) / 64 / 64 * 4);
}

TEST_CASE("Invalid UTF-8 is rejected with byte, line, bytes and reason") {
  CHECK_THROWS_WITH(text::decode_utf8("ab\nc\xE2\x28\xA1"),
                    contains(message("e2 28 a1 at byte 4 in line 2, a continuation byte is missing")));
  CHECK_THROWS_WITH(text::decode_utf8("\x80"),
                    contains(message("80 at byte 0 in line 1, a continuation byte without a first byte")));
  CHECK_THROWS_WITH(text::decode_utf8("\n\n\n\xC0\xAF"),
                    contains(message("c0 af at byte 3 in line 4, an overlong form")));
  CHECK_THROWS_WITH(text::decode_utf8("\xE0\x80\xAF"),
                    contains(message("e0 80 af at byte 0 in line 1, an overlong form")));
  CHECK_THROWS_WITH(text::decode_utf8("\xF0\x80\x80\xAF"),
                    contains(message("f0 80 80 af at byte 0 in line 1, an overlong form")));
  CHECK_THROWS_WITH(text::decode_utf8("\xED\xA0\x80"),
                    contains(message("ed a0 80 at byte 0 in line 1, a surrogate")));
  CHECK_THROWS_WITH(text::decode_utf8("\xF4\x90\x80\x80"),
                    contains(message("f4 90 80 80 at byte 0 in line 1, above U+10FFFF")));
  CHECK_THROWS_WITH(text::decode_utf8("\xF5\x80\x80\x80!"),
                    contains(message("f5 80 80 80 at byte 0 in line 1, above U+10FFFF")));
  CHECK_THROWS_WITH(text::decode_utf8("x\xFF\xFE"),
                    contains(message("ff at byte 1 in line 1, a byte that UTF-8 never uses")));
  CHECK_THROWS_WITH(text::decode_utf8("x\xF0\x9F\x98"),
                    contains(message("f0 9f 98 at byte 1 in line 1, the text ends inside a character")));
  CHECK_THROWS_AS(text::decode_utf8("\xFF"), Error);
}

TEST_CASE("Surrogates and values above U+10FFFF cannot be encoded") {
  const std::string rule =
      "[utf8] a character must be U+0000..U+10FFFF and no surrogate (U+D800..U+DFFF): got ";
  CHECK_THROWS_WITH(text::encode_utf8(0xD800), contains(rule + "U+D800"));
  CHECK_THROWS_WITH(text::encode_utf8(0xDFFF), contains(rule + "U+DFFF"));
  CHECK_THROWS_WITH(text::encode_utf8(0x110000), contains(rule + "U+110000"));
}

TEST_CASE("The valid prefix ends before the first character that is cut off or invalid") {
  const std::string snow = "a\xE2\x98\x83";
  CHECK(text::valid_prefix("") == 0);
  CHECK(text::valid_prefix(snow) == 4);
  CHECK(text::valid_prefix(snow.substr(0, 3)) == 1);
  CHECK(text::valid_prefix(snow + "\xFFz") == 4);
}

TEST_CASE("A stream shows characters when they are whole") {
  text::Utf8Stream stream;
  CHECK(stream.push("a\xE2") == "a");
  CHECK(stream.push("\x98").empty());
  CHECK(stream.push("\x83"
                    "b") ==
        "\xE2\x98\x83"
        "b");
  CHECK(stream.finish().empty());
  CHECK(stream.push("\xF0\x9F").empty());
  CHECK(stream.finish() == text::replacement);
  CHECK(stream.finish().empty());
}

TEST_CASE("A stream replaces each maximal part of a character, as the Unicode Standard's examples do") {
  const auto shown = [](const std::string& bytes) {
    text::Utf8Stream stream;
    std::string text = stream.push(bytes);
    text += stream.finish();
    std::string plain;  // '?' for each replacement
    for (const char32_t c : text::decode_utf8(text)) plain += c == 0xFFFD ? '?' : static_cast<char>(c);
    return plain;
  };
  CHECK(shown(bytes_of({0xC0, 0xAF, 0xE0, 0x80, 0xBF, 0xF0, 0x81, 0x82, 0x41})) == "????????A");  // table 3-8
  CHECK(shown(bytes_of({0xED, 0xA0, 0x80, 0xED, 0xBF, 0xBF, 0xED, 0xAF, 0x41})) == "????????A");  // table 3-9
  CHECK(shown(bytes_of({0xF4, 0x91, 0x92, 0x93, 0xFF, 0x41, 0x80, 0xBF, 0x42})) ==
        "?????A??B");                                                                         // table 3-10
  CHECK(shown(bytes_of({0xE1, 0x80, 0xE2, 0xF0, 0x91, 0x92, 0xF1, 0xBF, 0x41})) == "????A");  // table 3-11
}

TEST_CASE("A stream of random bytes is valid, whatever its pieces") {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string bytes;
    const char* leads = "\xE2\xF0\xC3\x80\xBF\x9F";
    for (int i = 0; i < 40; ++i) {
      bytes += random() % 2 ? static_cast<char>(random() % 256) : leads[random() % 6];
    }
    text::Utf8Stream whole, parts;
    std::string expected = whole.push(bytes);
    expected += whole.finish();
    std::string got;
    for (const char byte : bytes) got += parts.push(std::string_view(&byte, 1));
    got += parts.finish();
    REQUIRE(got == expected);
    REQUIRE(text::valid_prefix(got) == got.size());
  }
}
