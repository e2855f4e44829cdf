#include <random>
#include <string>

#include <sluice/text/encoding.h>
#include <sluice/text/gzip.h>
#include <sluice/text/utf8.h>

#include "support/catch.h"
#include "text/inputs.h"

using namespace std::string_literals;
using inputs::gzipped;
using inputs::replaced;
using inputs::story;
using inputs::utf16;
using sluice::text::convert_to_utf8;
using sluice::text::Converted;
using sluice::text::gunzip;
using sluice::text::utf16_to_utf8;

namespace {

void check_is(const Converted& got, const std::string& text, const std::string& note) {
  CHECK(got.why_not.empty());
  CHECK((got.text == text));  // in parentheses, for what differs may be long
  CHECK(got.note == note);
}

void check_refused(const Converted& got, const std::string& why_not) {
  CHECK(got.why_not == why_not);
  CHECK(got.text.empty());
}

// Russian and Greek with quotation marks, Arabic, Hindi; and French, whose letters are all in one block.
const std::string some_scripts[] = {
    "\u0420\u0435\u043A\u0430 \u0442\u0435\u0447\u0451\u0442 \u00AB\u0442\u0430\u043C\u00BB.\r\n",
    "\u0394\u03B7\u03BC\u03BF\u03C2 \u03BA\u03B1\u03B9 \u2014 \u03BB\u03CC\u03B3\u03BF\u03C2\n",
    "\u0627\u0644\u0646\u0647\u0631 \u0627\u0644\u0647\u0627\u062F\u0626\u060C\n",
    "\u0928\u092E\u0938\u094D\u0924\u0947 \u0928\u092E\n", "\u00E9t\u00E9 \u00E0 No\u00EBl\f\n"};

}  // namespace

TEST_CASE("UTF-8 stays as it is, but for a mark at its beginning") {
  const std::string text = "line ends \r\n, \u20AC, \U0001F600 and \uFEFF stay\n" + story(20);
  check_is(convert_to_utf8(text), text, "");
  check_is(convert_to_utf8("\xEF\xBB\xBF" + text), text, "UTF-8 with a mark");
  check_is(convert_to_utf8("a"), "a", "");
}

TEST_CASE("UTF-16 with a mark is converted, of either end") {
  const std::string text = "The \U0001F3EE lantern\u2019s \u4E00 r\u00EDver.\r\n";
  check_is(convert_to_utf8(utf16(text, true, true)), text, "UTF-16, little end first, with a mark");
  check_is(convert_to_utf8(utf16(text, false, true)), text, "UTF-16, big end first, with a mark");
}

TEST_CASE("UTF-16 without a mark is known by its zero halves") {
  const std::string text = replaced(story(30), "river", "ri\u0301ver \u201Cnow\u201D \U0001F600");
  check_is(convert_to_utf8(utf16(text, true, false)), text, "UTF-16, little end first, without a mark");
  check_is(convert_to_utf8(utf16(text, false, false)), text, "UTF-16, big end first, without a mark");
  for (const std::string& line : some_scripts) {
    CAPTURE(line);
    for (const bool little : {true, false}) {
      const auto converted = convert_to_utf8(utf16(line, little, false));
      CHECK(converted.text == line);
      CHECK(converted.note == "UTF-16, "s + (little ? "little" : "big") + " end first, without a mark");
    }
  }
}

TEST_CASE("Binaries with many zero bytes are not taken for UTF-16") {
  check_refused(convert_to_utf8("a\0b"s), "binary: a zero byte at 1");
  check_refused(convert_to_utf8("a\0"s), "binary: a zero byte at 1");
  check_refused(convert_to_utf8("a\0b\0\1\0"s), "binary: a zero byte at 1");      // a control character
  check_refused(convert_to_utf8("a\0\0\0b\0\0\0"s), "binary: a zero byte at 1");  // 32-bit numbers
  std::string table, list, numbers;
  for (int i = 0; i < 64; ++i) {
    table += "a field"s + '\0';
    list += "name "s + std::string(static_cast<std::size_t>(i % 5), 'x') + '\0';
    numbers += "\x80\xFF" + "A\0"s;
  }
  check_refused(convert_to_utf8(table), "binary: a zero byte at 7");
  check_refused(convert_to_utf8(list), "binary: a zero byte at 5");
  check_refused(convert_to_utf8(numbers), "binary: a zero byte at 3");
  check_refused(convert_to_utf8(replaced(story(40), "The r", "The\0r"s)),
                "binary: a zero byte at " + std::to_string(story(40).find("The r") + 3));
}

TEST_CASE("Bytes that are no text say why") {
  check_refused(convert_to_utf8(""), "empty");
  check_refused(convert_to_utf8("\xEF\xBB\xBF"), "empty");
  check_refused(convert_to_utf8("\xFF\xFE"), "empty");
  check_refused(convert_to_utf8("one\ntwo\nit\x92s"), "not UTF-8: line 3, byte 10 (0x92)");
  check_refused(convert_to_utf8("caf\xC3"), "not UTF-8: line 1, byte 3 (0xc3)");
  check_refused(convert_to_utf8("\xFF\xFE\0\0a\0\0\0"s), "UTF-32");
  check_refused(convert_to_utf8("\0\0\xFE\xFF\0\0\0a"s), "UTF-32");
  check_refused(convert_to_utf8("\xFF\xFE" + "a\0\x3D\xD8"s),
                "UTF-16, little end first, with a mark: a lone surrogate (0xd83d) at byte 4");
  check_refused(convert_to_utf8("\xFE\xFF" + "\xDE\0\0a"s),
                "UTF-16, big end first, with a mark: a lone surrogate (0xde00) at byte 2");
  check_refused(convert_to_utf8("\xFE\xFF\xD8\x3D\xD8\x3D"),
                "UTF-16, big end first, with a mark: a lone surrogate (0xd83d) at byte 2");
  check_refused(convert_to_utf8("\xFF\xFE" + "a\0b"s),
                "UTF-16, little end first, with a mark: half a character at byte 4");
  check_refused(utf16_to_utf8("", true), "empty");
  check_refused(utf16_to_utf8("a\0\0\0"s, true),
                "UTF-16, little end first, without a mark: a zero character at byte 2");
}

TEST_CASE("Random texts survive UTF-16") {
  std::mt19937 random(12);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (int i = 0; i < 40; ++i) {
      auto c = static_cast<char32_t>(1 + random() % (1U << (4 + random() % 17)));
      if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) || c == 0xFEFF) c = U'\n';
      text += sluice::text::encode_utf8(c);
    }
    const bool little = random() % 2 == 0;
    REQUIRE(utf16_to_utf8(utf16(text, little, random() % 2 == 0), little).text == text);
    REQUIRE(convert_to_utf8(utf16(text, little, true)).text == text);
  }
}

TEST_CASE("A file of gzip is its content, of several members too") {
  const std::string text = story(3000);
  check_is(convert_to_utf8(gzipped(text)), text, "gzip");
  check_is(convert_to_utf8(gzipped("one\n") + gzipped("") + gzipped("two\n")), "one\ntwo\n", "gzip");
  check_is(convert_to_utf8(gzipped("one") + std::string(512, '\0')), "one", "gzip");
  check_is(convert_to_utf8(gzipped(utf16("one", true, true))), "one",
           "gzip, UTF-16, little end first, with a mark");
  check_refused(convert_to_utf8(gzipped("")), "gzip with content that is no text (empty)");
  check_refused(convert_to_utf8(gzipped("caf\xE9")),
                "gzip with content that is no text (not UTF-8: line 1, byte 3 (0xe9))");
  const std::string data(5'000'000, '\0');
  CHECK((gunzip(gzipped(data)).bytes == data));
}

TEST_CASE("Damaged and cut files of gzip are refused at every byte") {
  const std::string text = story(30);
  const std::string whole = gzipped(text);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto part = gunzip(whole.substr(0, size));
    REQUIRE(part.why_not == "cut off at byte " + std::to_string(size));
    REQUIRE(part.bytes.empty());
  }
  // Two members, the second of which is cut off.
  CHECK(gunzip(whole + whole.substr(0, 40)).why_not ==
        "cut off at byte " + std::to_string(whole.size() + 40));
  std::string flipped = whole;
  flipped[whole.size() - 6] ^= 1;  // in the checksum
  CHECK(gunzip(flipped).why_not ==
        "damaged near byte " + std::to_string(whole.size() - 4) + " (incorrect data check)");
  check_refused(convert_to_utf8(flipped),
                "gzip, damaged near byte " + std::to_string(whole.size() - 4) + " (incorrect data check)");
  CHECK(gunzip(whole + "more").why_not ==
        "damaged near byte " + std::to_string(whole.size()) + " (no gzip behind the last member)");
  CHECK(gunzip("plain").why_not == "damaged near byte 2 (incorrect header check)");
  CHECK_FALSE(sluice::text::is_gzip("\x1F\x8B"));
  std::mt19937 random(4);
  for (int round = 0; round < 2000; ++round) {
    std::string bad = whole;
    bad[random() % bad.size()] = static_cast<char>(random() % 256);
    const auto content = gunzip(bad);
    REQUIRE((content.why_not.empty() ? content.bytes == text : content.bytes.empty()));
  }
}
