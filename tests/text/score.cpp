#include <cmath>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <sluice/graph/error.h>
#include <sluice/text/score.h>
#include <sluice/text/vocabulary.h>

#include "support/catch.h"

namespace text = sluice::text;
using text::count_text;
using text::line_scores;
using text::LineScore;
using text::Score;
using text::TextCounts;
using text::Vocabulary;

namespace {

std::size_t words(const std::string& text) { return count_text(text).words; }

bool same(const std::vector<LineScore>& a, const std::vector<LineScore>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const LineScore& x, const LineScore& y) {
    return x.line == y.line && x.nats == y.nats && x.tokens == y.tokens && x.bytes == y.bytes;
  });
}

}  // namespace

TEST_CASE("Texts are counted in characters, bytes and words") {
  const TextCounts counts = count_text("To be,\tor  not\n\u4F60\u597D \U0001F600\n");
  CHECK(counts.bytes == 27);
  CHECK(counts.characters == 20);
  CHECK(counts.words == 6);
  CHECK(count_text("").bytes == 0);
  CHECK(count_text("").characters == 0);
  CHECK(count_text("").words == 0);
}

TEST_CASE("Words are what stands between white space") {
  CHECK(words("one") == 1);
  CHECK(words("  one\n\n") == 1);
  CHECK(words("don't -- stop!") == 3);
  CHECK(words(" \t\n\v\f\r") == 0);
  const std::string blanks[] = {" ",      "\t",     "\v",     "\f",     "\r",     "\u00A0",
                                "\u1680", "\u2000", "\u2003", "\u200A", "\u2028", "\u2029",
                                "\u202F", "\u205F", "\u2060", "\u3000"};
  for (const std::string& blank : blanks) {
    CAPTURE(blank);
    CHECK(words("a" + blank + "b") == 2);
    CHECK(words(blank) == 0);
  }
  const std::string joins[] = {"\b",     "\u0085", "\u00A1", "\u180E", "\u1681", "\u200B", "\u202A",
                               "\u205E", "\u2061", "\u3001", "\uFEFF", "\u0301", "\u00E0", "\U00012000"};
  for (const std::string& join : joins) {
    CAPTURE(join);
    CHECK(words("a" + join + "b") == 1);
    CHECK(words(join) == 1);
  }
}

TEST_CASE("The predicted part of a text is what ends behind the first token") {
  const std::string source = "\u0416ab c";
  const auto counts = [&](std::size_t from) {
    const TextCounts got = count_text(source, from);
    return std::vector<std::size_t>{got.characters, got.bytes, got.words};
  };
  CHECK(counts(0) == std::vector<std::size_t>{5, 6, 2});
  CHECK(counts(1) == std::vector<std::size_t>{5, 5, 2});  // half of a character was given
  CHECK(counts(2) == std::vector<std::size_t>{4, 4, 2});
  CHECK(counts(3) == std::vector<std::size_t>{3, 3, 2});
  CHECK(counts(4) == std::vector<std::size_t>{2, 2, 1});  // a word was given
  CHECK(counts(5) == std::vector<std::size_t>{1, 1, 1});
  CHECK(counts(6) == std::vector<std::size_t>{0, 0, 0});
  CHECK_THROWS_WITH(count_text(source, 7),
                    contains("[count_text] what is counted begins within the text: got byte 7 of 6; give the "
                             "length of its first token"));
}

TEST_CASE("Bytes that are not UTF-8 have no characters and no words") {
  for (const char* bytes : {"caf\xE9 au lait", "\xFF", "a b\xE4\xBD"}) {
    const TextCounts counts = count_text(bytes);
    CHECK(counts.bytes == std::string(bytes).size());
    CHECK(counts.characters == 0);
    CHECK(counts.words == 0);
  }
}

TEST_CASE("A score is told per token, character, byte and word") {
  Score score{.nats = 12, .tokens = 6, .seconds = 0.5};
  score.set({.characters = 8, .bytes = 16, .words = 3});
  CHECK(score.nats_per_token() == 2);
  CHECK(score.nats_per_character() == 1.5);
  CHECK(score.bits_per_character() == Approx(1.5 / std::log(2.0)));
  CHECK(score.bits_per_byte() == Approx(0.75 / std::log(2.0)));
  CHECK(score.perplexity_per_token() == Approx(std::exp(2.0)));
  CHECK(score.perplexity_per_word() == Approx(std::exp(4.0)));
  CHECK(score.tokens_per_second() == 12);
}

TEST_CASE("A score of bytes that are no text has no figure per character or word") {
  Score score{.nats = 12, .tokens = 6};
  score.set(count_text("caf\xE9"));
  CHECK(std::isnan(score.nats_per_character()));
  CHECK(std::isnan(score.bits_per_character()));
  CHECK(std::isnan(score.perplexity_per_word()));
  CHECK(score.bits_per_byte() == Approx(3 / std::log(2.0)));
  CHECK(std::isnan(Score{.nats = 12}.nats_per_token()));
  CHECK(std::isnan(Score{.nats = 12}.perplexity_per_token()));
  CHECK(std::isnan(Score{.nats = 12}.bits_per_byte()));
  CHECK(std::isnan(score.tokens_per_second()));
  CHECK(std::isinf(Score{.nats = 1e9, .tokens = 1}.perplexity_per_token()));
}

TEST_CASE("The nats of tokens are added up by lines") {
  const std::string source = "ab\n\nc\nd";
  const std::vector<std::uint32_t> lengths = Vocabulary::bytes().lengths(source);
  CHECK(same(line_scores(source, lengths, std::vector<float>{1, 2, 3, 4, 5, 6}),
             {{1, 3, 2, 2}, {2, 3, 1, 1}, {3, 9, 2, 2}, {4, 6, 1, 1}}));
  // A line with the first token alone is left out, and behind the last line feed there is no line.
  CHECK(same(line_scores("\na\n", std::vector<std::uint32_t>{1, 1, 1}, std::vector<float>{1, 2}),
             {{2, 3, 2, 2}}));
  CHECK(line_scores("a", std::vector<std::uint32_t>{1}, {}).empty());
}

TEST_CASE("A token belongs to the line of its last byte") {
  // "a", "b\n", "\nc", "d \n\ne", "f"
  CHECK(same(line_scores("ab\n\ncd \n\nef", std::vector<std::uint32_t>{1, 2, 2, 5, 1},
                         std::vector<float>{1, 2, 4, 8}),
             {{1, 1, 1, 2}, {3, 2, 1, 2}, {5, 12, 2, 6}}));
}

TEST_CASE("Lines hold every token but the first, whatever the tokens are") {
  const std::string source = "One \u4F60, two.\n\n  three don't\n\u00E9\u00E9";
  for (const auto& vocabulary :
       {Vocabulary::characters("One two\n"), Vocabulary::bytes(), Vocabulary::words("two three one")}) {
    const std::vector<std::uint32_t> lengths = vocabulary.lengths(source);
    const auto ids = vocabulary.encode(source);
    REQUIRE(lengths.size() == ids.size());
    REQUIRE(std::accumulate(lengths.begin(), lengths.end(), std::size_t{0}) == source.size());
    std::size_t at = 0;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const bool known = !vocabulary.has_unknown() || ids[i] != Vocabulary::unknown_id;
      if (known) CHECK(source.substr(at, lengths[i]) == vocabulary.token(ids[i]));
      at += lengths[i];
    }
    const auto lines = line_scores(source, lengths, std::vector<float>(lengths.size() - 1, 0.5F));
    CHECK(lines.size() == 4);
    double nats = 0;
    std::size_t tokens = 0, bytes = 0;
    for (const LineScore& line : lines) {
      nats += line.nats;
      tokens += line.tokens;
      bytes += line.bytes;
      CHECK(line.nats == 0.5 * static_cast<double>(line.tokens));
    }
    CHECK(tokens == lengths.size() - 1);
    CHECK(bytes == source.size() - lengths[0]);
    CHECK(nats == 0.5 * static_cast<double>(tokens));
  }
  CHECK_THROWS_WITH(Vocabulary::characters("a").lengths("a\xFF"), contains("ff at byte 1"));
}

TEST_CASE("Lines of tokens that are not those of the text are errors") {
  const std::vector<std::uint32_t> lengths{1, 2};
  CHECK_THROWS_WITH(
      line_scores("abc", lengths, std::vector<float>(2)),
      contains("[line_scores] each token but the first has its nats: got 2 tokens and the nats of "
               "2; pass those of the whole text"));
  CHECK_THROWS_WITH(line_scores("", {}, {}), contains("got 0 tokens and the nats of 0"));
  CHECK_THROWS_WITH(
      line_scores("abcd", lengths, std::vector<float>(1)),
      contains("[line_scores] the tokens make the text: got 3 bytes of tokens and 4 of text; pass "
               "the lengths of this text"));
}
