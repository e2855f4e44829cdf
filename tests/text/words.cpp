#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <sluice/graph/error.h>
#include <sluice/text/utf8.h>
#include <sluice/text/words.h>

#include "support/catch.h"

namespace text = sluice::text;

namespace {

std::string joined(const std::string& source) {
  std::string out;
  for (const std::string_view piece : text::split_words(source)) {
    if (!out.empty()) out += '|';
    out += piece;
  }
  return out;
}

}  // namespace

TEST_CASE("Words are runs of letters and numbers; all other characters stand alone") {
  CHECK(joined("").empty());
  CHECK(joined("x") == "x");
  CHECK(joined("...") == ".|.|.");
  CHECK(joined("a_b<unk>") == "a|_|b|<|unk|>");
  CHECK(joined("x2 2x 1st 3.14") == "x2| 2x| 1st| 3|.|14");
}

TEST_CASE("A word or a sign takes the one blank before it, and a run of blanks is one piece") {
  CHECK(joined("He said (so).") == "He| said| (|so|)|.");
  CHECK(joined(" a") == " a");
  CHECK(joined("if (x) {\n    y = 1;\n\n\t z\t\n") == "if| (|x|)| {|\n|   | y| =| 1|;|\n|\n|\t| z|\t|\n");
  CHECK(joined("a  b") == "a| | b");
  CHECK(joined("a\tb") == "a|\t|b");
  CHECK(joined("a \tb") == "a| \t|b");
  CHECK(joined("a \n b ") == "a| |\n| b| ");
  CHECK(joined("   ") == "   ");
  CHECK(joined("a \u00A0b\u3000c") == "a| \u00A0|b|\u3000|c");
}

TEST_CASE("Each line end is a piece, in two bytes too") {
  CHECK(joined("a\nb\r\nc\rd\n\r\n\r\r\n") == "a|\n|b|\r\n|c|\r|d|\n|\r\n|\r|\r\n");
  CHECK(joined("\u00E9\r\n\u00E9\r\u00E9") == "\u00E9|\r\n|\u00E9|\r|\u00E9");
}

TEST_CASE("An apostrophe belongs to a word between two letters only") {
  CHECK(joined("it's") == "it's");
  CHECK(joined("it\u2019s rock'n'roll") == "it\u2019s| rock'n'roll");
  CHECK(joined("'quoted' dogs'") == "'|quoted|'| dogs|'");
  CHECK(joined("a''b 9's x'9 x'") == "a|'|'|b| 9|'|s| x|'|9| x|'");
  CHECK(joined("\u00E9t\u00E9 d'\u00E9t\u00E9") == "\u00E9t\u00E9| d'\u00E9t\u00E9");
}

TEST_CASE("Words hold letters of other scripts, but not their signs") {
  CHECK(joined("na\u00EFve \u0394\u03B7\u03BC\u03BF\u03C2") == "na\u00EFve| \u0394\u03B7\u03BC\u03BF\u03C2");
  CHECK(joined("it\u2019s \u201Cso\u201D\u2014yes \u00ABbon\u00BB") ==
        "it\u2019s| \u201C|so|\u201D|\u2014|yes| \u00AB|bon|\u00BB");
  CHECK(joined("b\u00D7c\u00F7\u00B5m \u00AA\u00B2") == "b|\u00D7|c|\u00F7|\u00B5m| \u00AA\u00B2");
  CHECK(joined("\u4F60\u597D\u3002\uFF01") == "\u4F60\u597D|\u3002|\uFF01");
  // Arabic with its comma, Hebrew with its hyphen, Hindi with vowel signs and danda.
  CHECK(joined("\u0645\u0631\u062D\u0628\u0627\u060C") == "\u0645\u0631\u062D\u0628\u0627|\u060C");
  CHECK(joined("\u05D0\u05DC\u05BE\u05D1") == "\u05D0\u05DC|\u05BE|\u05D1");
  CHECK(joined("\u0928\u092E\u0938\u094D\u0924\u0947\u0964") ==
        "\u0928\u092E\u0938\u094D\u0924\u0947|\u0964");
}

TEST_CASE("What is seen as one character is not cut, and is what it begins with") {
  CHECK(joined("wow\U0001F600\U0001F600") == "wow|\U0001F600|\U0001F600");
  CHECK(joined("ri\u0301ver") == "ri\u0301ver");
  // A woman scientist is three code points, a thumb with a skin colour two, each flag two.
  CHECK(joined("a \U0001F469\u200D\U0001F52C\U0001F44D\U0001F3FD") ==
        "a| \U0001F469\u200D\U0001F52C|\U0001F44D\U0001F3FD");
  CHECK(joined("\U0001F1E9\U0001F1EA\U0001F1EB\U0001F1F7") == "\U0001F1E9\U0001F1EA|\U0001F1EB\U0001F1F7");
  CHECK(joined("(\u0301 +\u0301b") == "(\u0301| +\u0301|b");
  CHECK(joined("1\uFE0F\u20E32") == "1\uFE0F\u20E32");                // a keycap begins with a number
  CHECK(joined("a  \u0301b\n\u0301c") == "a|  \u0301|b|\n|\u0301c");  // marks on a blank, and on nothing
}

TEST_CASE("Random texts are the join of their words, each of which is one word alone") {
  std::mt19937 random(3);
  const char32_t some[] = {U'a',   U'B',   U'7',    U'\'',  U' ',   U' ',   U'\t',  U'\n',   U'\r',
                           U'.',   0,      0xE9,    0x2019, 0x2014, 0x3002, 0x301,  0x1F600, 0x1F469,
                           0x200D, 0xFE0F, 0x1F1E9, 0x600,  0x903,  0xAC00, 0x11A8, 0x1100,  0xFFFF};
  for (int round = 0; round < 3000; ++round) {
    std::string source, again;
    for (unsigned i = random() % 30; i > 0; --i)
      source += text::encode_utf8(some[random() % std::size(some)]);
    for (const std::string_view piece : text::split_words(source)) {
      REQUIRE_FALSE(piece.empty());
      REQUIRE(text::split_words(piece).size() == 1);
      again += piece;
    }
    REQUIRE(again == source);
  }
}

TEST_CASE("Words one by one are those of the list") {
  const std::string source = "One, 'two'\n  three";
  std::vector<std::string_view> pieces;
  for (std::size_t position = 0; position < source.size();) {
    const std::size_t start = position;
    const std::string_view piece = text::next_word(source, position);
    REQUIRE(piece.data() == source.data() + start);
    REQUIRE(piece.size() == position - start);
    pieces.push_back(piece);
  }
  CHECK(pieces == text::split_words(source));
}

TEST_CASE("Words are not cut from invalid UTF-8") {
  CHECK_THROWS_WITH(text::split_words("ab \xE2\x82"),
                    contains("e2 82 at byte 3 in line 1, the text ends inside"));
  CHECK_THROWS_WITH(text::split_words("a\nb\xFF"), contains("ff at byte 3 in line 2"));
}
