#include <random>
#include <string>

#include <sluice/text/corpus.h>
#include <sluice/text/utf8.h>

#include "support/catch.h"

using sluice::text::split;

TEST_CASE("The last part of a text is held out") {
  const std::string text = "0123456789abcdefghij";
  const auto parts = split(text, 0.1);
  CHECK(parts.training == "0123456789abcdefgh");
  CHECK(parts.validation == "ij");
  CHECK(split(text, 0).training == text);
  CHECK(split(text, 0).validation.empty());
  CHECK(split(text, 0.95).training == "0");
}

TEST_CASE("A text is split between two characters") {
  std::mt19937 random(9);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (int i = 0; i < 20; ++i) {
      const char32_t some[] = {U'a', 0xE9, 0x20AC, 0x1F600};
      text += sluice::text::encode_utf8(some[random() % 4]);
    }
    const double fraction = 0.1 + 0.001 * static_cast<double>(random() % 800);
    const auto parts = split(text, fraction);
    REQUIRE(std::string(parts.training) + std::string(parts.validation) == text);
    REQUIRE(sluice::text::valid_prefix(parts.training) == parts.training.size());
    REQUIRE(sluice::text::valid_prefix(parts.validation) == parts.validation.size());
    const double held_out = static_cast<double>(parts.validation.size());
    REQUIRE(held_out > fraction * static_cast<double>(text.size()) - 1);
    REQUIRE(held_out < fraction * static_cast<double>(text.size()) + 4);
  }
}

TEST_CASE("Data that is not UTF-8 is split where the fraction says, give or take a character") {
  const std::string data(1000, '\x80');
  CHECK(split(data, 0.5).training.size() == 497);
}

TEST_CASE("Impossible splits are errors") {
  CHECK_THROWS_WITH(split("abc", 1),
                    contains("[split] the part held out must be at least 0 and below 1: got 1; use 0.1 for "
                             "the last tenth"));
  CHECK_THROWS_WITH(split("abc", -0.5), contains("got -0.5"));
  CHECK_THROWS_WITH(split("abc", std::stod("nan")), contains("got nan"));
  CHECK_THROWS_WITH(
      split("abc", 0.1),
      contains("[split] each part needs text: got 0.1 of 3 bytes to hold out, which leaves 3 and 0; use "
               "a longer text or another fraction"));
  CHECK_THROWS_WITH(split("\u20AC", 0.5), contains("leaves 0 and 3"));
  CHECK_THROWS_WITH(split("", 0), contains("got 0 of 0 bytes to hold out, which leaves 0 and 0"));
}
