#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <sluice/graph/error.h>
#include <sluice/text/utf8.h>
#include <sluice/text/vocabulary.h>

#include "support/catch.h"

using sluice::Error;
using sluice::text::encode_utf8;
using sluice::text::name_of;
using sluice::text::token_kind;
using sluice::text::TokenKind;
using sluice::text::Vocabulary;
using Ids = std::vector<std::int32_t>;

namespace {

std::string random_text(std::mt19937& random, std::size_t length) {
  std::string text;
  for (std::size_t i = 0; i < length; ++i) {
    const auto size = 1u << (1 + random() % 20);
    char32_t c = static_cast<char32_t>(random() % size);
    if (random() % 8 == 0) c = U' ';
    if (c >= 0xD800 && c <= 0xDFFF) c = U'\n';
    text += encode_utf8(c);
  }
  return text;
}

std::string damaged(const std::string& rule) {
  return "[vocabulary] " + rule + "; the vocabulary is damaged or was not written by to_json";
}

std::string json(const std::string& kind, const std::string& tokens) {
  const std::string version = kind == "word" ? "2" : "1";
  return R"({"format":"sluice.vocabulary.)" + version + R"(","kind":")" + kind + R"(","tokens":)" + tokens +
         "}";
}

}  // namespace

TEST_CASE("Characters are numbered by code point behind the unknown one") {
  const auto vocabulary = Vocabulary::characters("hello \u20AC\n");
  REQUIRE(vocabulary.size() == 8);
  CHECK(vocabulary.token(0) == "<unk>");
  CHECK(vocabulary.token(1) == "\n");
  CHECK(vocabulary.token(2) == " ");
  CHECK(vocabulary.token(3) == "e");
  CHECK(vocabulary.token(7) == "\u20AC");
  CHECK(vocabulary.encode("eh\u20AC") == Ids{3, 4, 7});
  CHECK(vocabulary.kind() == TokenKind::character);
  CHECK(vocabulary.has_unknown());
}

TEST_CASE("One character makes a vocabulary of two tokens") {
  const auto vocabulary = Vocabulary::characters("aaaa");
  CHECK(vocabulary.size() == 2);
  CHECK(vocabulary.encode("aa") == Ids{1, 1});
  CHECK(Vocabulary::words("aaaa").size() == 2);
}

TEST_CASE("Bytes are their own ids, whatever they are") {
  const auto vocabulary = Vocabulary::bytes();
  REQUIRE(vocabulary.size() == 256);
  CHECK_FALSE(vocabulary.has_unknown());
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  std::size_t unknown = 0;
  const Ids ids = vocabulary.encode(all, &unknown);
  for (int byte = 0; byte < 256; ++byte) REQUIRE(ids[static_cast<std::size_t>(byte)] == byte);
  CHECK(unknown == 0);
  CHECK(vocabulary.decode(ids) == all);
}

TEST_CASE("Words are numbered by frequency, then by first appearance") {
  const auto vocabulary = Vocabulary::words("b a c a. b a");
  // three times a with its blank, then what is there once
  REQUIRE(vocabulary.size() == 6);
  CHECK(vocabulary.token(1) == " a");
  CHECK(vocabulary.token(2) == "b");
  CHECK(vocabulary.token(3) == " c");
  CHECK(vocabulary.token(4) == ".");
  CHECK(vocabulary.token(5) == " b");
}

TEST_CASE("A limited word vocabulary keeps the most frequent and calls the others unknown") {
  const auto vocabulary = Vocabulary::words("b a c a. b a", 3);
  REQUIRE(vocabulary.size() == 3);
  std::size_t unknown = 0;
  const Ids ids = vocabulary.encode("b b. a", &unknown);
  CHECK(ids == Ids{2, 0, 0, 1});
  CHECK(unknown == 2);
  CHECK(vocabulary.decode(ids) == "b\uFFFD\uFFFD a");
}

TEST_CASE("Unknown characters become id 0, are counted, and are decoded as U+FFFD") {
  const auto vocabulary = Vocabulary::characters("ab");
  std::size_t unknown = 5;  // counts are added, so that several texts can share one counter
  CHECK(vocabulary.encode("a\u20ACb<unk>", &unknown) == Ids{1, 0, 2, 0, 0, 0, 0, 0});
  CHECK(unknown == 11);
  CHECK(vocabulary.decode(Ids{1, 0, 2}) == "a\uFFFDb");
  CHECK(vocabulary.encode("").empty());
  CHECK(vocabulary.decode({}).empty());
}

TEST_CASE("A known U+FFFD is a character like any other") {
  const auto vocabulary = Vocabulary::characters("a\uFFFD");
  CHECK(vocabulary.encode("\uFFFD") == Ids{2});
  CHECK(vocabulary.decode(Ids{2}) == "\uFFFD");
}

TEST_CASE("Random texts survive every kind of vocabulary, also after JSON") {
  std::mt19937 random(11);
  for (int round = 0; round < 60; ++round) {
    const std::string text = random_text(random, 1 + random() % 200);
    for (const TokenKind kind : {TokenKind::character, TokenKind::byte, TokenKind::word}) {
      const auto vocabulary = Vocabulary::of(kind, text);
      std::size_t unknown = 0;
      const Ids ids = vocabulary.encode(text, &unknown);
      REQUIRE(unknown == 0);
      REQUIRE(vocabulary.decode(ids) == text);
      const auto copy = Vocabulary::from_json(vocabulary.to_json());
      REQUIRE(copy == vocabulary);
      REQUIRE(copy.encode(text) == ids);
    }
  }
}

TEST_CASE("A copied vocabulary encodes like the original") {
  auto original = std::make_unique<Vocabulary>(Vocabulary::words("the cat, the hat"));
  const Vocabulary copy = *original;
  const Ids ids = original->encode("hat cat");
  original.reset();
  CHECK(copy.encode("hat cat") == ids);
}

TEST_CASE("Vocabularies differ by kind and tokens") {
  CHECK(Vocabulary::characters("ab") == Vocabulary::characters("ba"));
  CHECK_FALSE(Vocabulary::characters("ab") == Vocabulary::characters("abc"));
  CHECK_FALSE(Vocabulary::characters(" ") == Vocabulary::words(" "));
}

TEST_CASE("Kinds have names") {
  for (const TokenKind kind : {TokenKind::character, TokenKind::byte, TokenKind::word}) {
    CHECK(token_kind(name_of(kind)) == kind);
  }
  CHECK(name_of(TokenKind::character) == "char");
  CHECK_THROWS_WITH(token_kind("Char"),
                    contains("[vocabulary] tokens are char, byte or word: got 'Char'; use one of the three"));
}

TEST_CASE("A vocabulary as JSON is one readable line") {
  CHECK(Vocabulary::characters("b\na").to_json() ==
        R"({"format":"sluice.vocabulary.1","kind":"char","tokens":["<unk>","\n","a","b"]})");
  CHECK(Vocabulary::bytes().to_json() == R"({"format":"sluice.vocabulary.1","kind":"byte"})");
  CHECK(Vocabulary::words("b a\n").to_json() ==
        R"({"format":"sluice.vocabulary.2","kind":"word","tokens":["<unk>","b"," a","\n"]})");
}

TEST_CASE("Vocabularies are made from text that is there and valid") {
  const std::string empty = "[vocabulary] a vocabulary is made from a text: got an empty one; give some text";
  CHECK_THROWS_WITH(Vocabulary::characters(""), contains(empty));
  CHECK_THROWS_WITH(Vocabulary::words(""), contains(empty));
  CHECK_THROWS_WITH(Vocabulary::characters("a\xFF"), contains("ff at byte 1 in line 1"));
  CHECK_THROWS_WITH(Vocabulary::words("a\xFF"), contains("ff at byte 1 in line 1"));
  CHECK_THROWS_WITH(Vocabulary::characters("a").encode("a\n\xC3"), contains("c3 at byte 2 in line 2"));
  CHECK_THROWS_WITH(Vocabulary::words("a", 1),
                    contains("[vocabulary] a word vocabulary holds <unk> and at least one word: got a "
                             "max_size of 1; use 2 or more"));
}

TEST_CASE("Ids outside the vocabulary are errors") {
  const auto vocabulary = Vocabulary::characters("ab");
  CHECK_THROWS_WITH(
      vocabulary.token(3),
      contains("[vocabulary] an id must be in 0..2: got 3; was it made with another vocabulary?"));
  CHECK_THROWS_WITH(
      vocabulary.decode(Ids{1, -1}),
      contains("[vocabulary] an id must be in 0..2: got -1; was it made with another vocabulary?"));
}

TEST_CASE("JSON that is no vocabulary is rejected by rule") {
  const auto message_of = [](const std::string& text) -> std::string {
    try {
      Vocabulary::from_json(text);
    } catch (const Error& error) {
      return error.message();
    }
    return "accepted";
  };
  for (const char* text : {"", "{", "[]", "1", "null", "\"a\"", "{\"kind\":\"\xFF\"}", "{}x"}) {
    CAPTURE(text);
    CHECK(message_of(text) == damaged("a vocabulary is a JSON object"));
  }
  CHECK(message_of("{}") == damaged("the field 'format' must be a text"));
  CHECK(message_of(R"({"format":1})") == damaged("the field 'format' must be a text"));
  CHECK(message_of(R"({"format":"x"})") ==
        damaged("the format must be 'sluice.vocabulary.1' or 'sluice.vocabulary.2' and is 'x'"));
  CHECK(message_of(R"({"format":"sluice.vocabulary.2","kind":"byte"})") ==
        damaged("the format of kind 'byte' must be 'sluice.vocabulary.1' and is 'sluice.vocabulary.2'"));
  CHECK(message_of(R"({"format":"sluice.vocabulary.1"})") == damaged("the field 'kind' must be a text"));
  CHECK(message_of(json("letter", "[]")) ==
        "[vocabulary] tokens are char, byte or word: got 'letter'; use one of the three");
  CHECK(message_of(json("byte", "[]")) == damaged("a byte vocabulary has no tokens of its own"));
  CHECK(message_of(R"({"format":"sluice.vocabulary.1","kind":"char"})") ==
        damaged("the field 'tokens' must be a list"));
  CHECK(message_of(json("word", "{}")) == damaged("the field 'tokens' must be a list"));
  CHECK(message_of(json("char", "[]")) == damaged("there must be 2 to 16777216 tokens and are 0"));
  CHECK(message_of(json("char", R"(["<unk>"])")) == damaged("there must be 2 to 16777216 tokens and are 1"));
  CHECK(message_of(json("char", R"(["<unk>",7])")) ==
        damaged("each token must be a text and token 1 is not"));
  CHECK(message_of(json("char", R"(["a","b"])")) == damaged("token 0 must be <unk> and is 'a'"));
  CHECK(message_of(json("char", R"(["<unk>","b","a"])")) == damaged("characters must be in ascending order"));
  CHECK(message_of(json("char", R"(["<unk>","a","a"])")) ==
        "[vocabulary] tokens must differ: got 'a' as tokens 1 and 2; the vocabulary is damaged");
  CHECK(message_of(json("word", R"(["<unk>","a","b","a"])")) ==
        "[vocabulary] tokens must differ: got 'a' as tokens 1 and 3; the vocabulary is damaged");
  CHECK(message_of(json("char", R"(["<unk>","ab"])")) ==
        "[vocabulary] each token must be one character: got token 1, 'ab'; the vocabulary is damaged");
  CHECK(message_of(json("word", R"(["<unk>","a b"])")) ==
        "[vocabulary] each token must be one word: got token 1, 'a b'; the vocabulary is damaged");
  CHECK(message_of(json("word", R"(["<unk>",""])")) ==
        "[vocabulary] each token must be one word: got token 1, ''; the vocabulary is damaged");
}

TEST_CASE("Words that were divided by the rule before this one are refused") {
  CHECK_THROWS_WITH(
      Vocabulary::from_json(R"({"format":"sluice.vocabulary.1","kind":"word","tokens":["<unk>"," ","a"]})"),
      contains("[vocabulary] words are read in the format 'sluice.vocabulary.2': got 'sluice.vocabulary.1', "
               "when texts were divided into words in another way (blanks apart), so that these words would "
               "not be found again; train anew"));
}

TEST_CASE("Deeply nested JSON neither crashes nor passes") {
  const std::size_t depth = 1'000'000;
  const std::string nested = std::string(depth, '[') + std::string(depth, ']');
  CHECK_THROWS_WITH(Vocabulary::from_json(nested), contains(damaged("a vocabulary is a JSON object")));
  CHECK_THROWS_WITH(Vocabulary::from_json(json("char", nested)),
                    contains(damaged("there must be 2 to 16777216 tokens and are 1")));
}

TEST_CASE("JSON with any one byte changed is read or rejected, never anything else") {
  const std::string good = Vocabulary::words("to be or not to be").to_json();
  std::mt19937 random(5);
  for (int round = 0; round < 2000; ++round) {
    std::string bad = good;
    bad[random() % bad.size()] = static_cast<char>(random() % 256);
    try {
      const auto vocabulary = Vocabulary::from_json(bad);
      REQUIRE(Vocabulary::from_json(vocabulary.to_json()) == vocabulary);
    } catch (const Error&) {
    }
  }
}
