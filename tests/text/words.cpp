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

TEST_CASE("Words are runs of letters, digits and apostrophes; all else stands alone") {
  CHECK(joined("").empty());
  CHECK(joined("don't stop42,  ok\n\t") == "don't| |stop42|,| | |ok|\n|\t");
  CHECK(joined("a_b<unk>") == "a|_|b|<|unk|>");
  CHECK(joined("x") == "x");
  CHECK(joined("...") == ".|.|.");
}

TEST_CASE("Words hold letters of other scripts, but not their punctuation") {
  CHECK(joined("na\u00EFve \u0394\u03B7\u03BC\u03BF\u03C2") == "na\u00EFve| |\u0394\u03B7\u03BC\u03BF\u03C2");
  CHECK(joined("it\u2019s \u201Cso\u201D\u2014yes") == "it\u2019s| |\u201C|so|\u201D|\u2014|yes");
  CHECK(joined("a\u00A0b\u00D7c\u00F7\u00B5m") == "a|\u00A0|b|\u00D7|c|\u00F7|\u00B5m");
  CHECK(joined("\u4F60\u597D\u3002\uFF01") == "\u4F60\u597D|\u3002|\uFF01");
}

TEST_CASE("Random texts are the join of their words") {
  std::mt19937 random(3);
  const char32_t some[] = {U'a', U'B', U'7',   U'\'',  U' ',   U'\n',   U'.',
                           0,    0xE9, 0x2019, 0x2014, 0x3002, 0x1F600, 0xFFFF};
  for (int round = 0; round < 500; ++round) {
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

TEST_CASE("Words are not cut from invalid UTF-8") {
  CHECK_THROWS_WITH(text::split_words("ab \xE2\x82"),
                    contains("e2 82 at byte 3 in line 1, the text ends inside"));
}
