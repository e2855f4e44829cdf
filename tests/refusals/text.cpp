#include "refusals/refusal.h"
#include "support/catch.h"

#include <sluice/sluice.h>

#include <limits>

using namespace sluice;

TEST_CASE("what the text room refuses") {
  const std::string damaged = "a\xFF";
  const std::vector<std::int32_t> tokens{0, 1, 2, 3, 4};
  const text::Vocabulary vocabulary = text::Vocabulary::characters("abc");
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> diverged{nan};
  const std::vector<float> logits{1, 2};
  std::vector<std::int32_t> few(1);
  const std::vector<std::int32_t> far{99};
  refuses("batches", "must be in 1..", [&] { text::Batches(tokens, 0, 1); });
  refuses("batches", "got a text of 5", [&] { text::Batches(tokens, 4, 4); });
  refuses("batches", "room for 2 x 1 tokens: got 1 and 1",
          [&] { text::Batches(tokens, 1, 2).next(few, few); });
  refuses("batches", "got window 9 of epoch 0", [&] { text::Batches(tokens, 1, 2).seek({0, 9}); });
  refuses("reading", "got a text of 1", [&] { text::Reading({3}); });
  refuses("reading", "got -7 at 1", [&] { text::Reading({3, -7}); });
  refuses("reading", "got 0, 32 and 16384", [&] { text::Reading(tokens, {.length = 0}); });
  refuses("reading", "room for 64 x 1 tokens: got 1", [&] { text::Reading(tokens).next(few, few); });
  refuses("reading", "of 64 x 1 places: got 2", [&] { text::Reading(tokens).add(logits); });
  refuses("reading", "got per_token false", [&] { text::Reading(tokens).nats(); });
  refuses("count_text", "got byte 4 of 3", [&] { text::count_text("abc", 4); });
  refuses("line_scores", "got 0 tokens and the nats of 2", [&] { text::line_scores("", {}, logits); });
  refuses("utf8", "at byte 1", [&] { vocabulary.lengths(damaged); });
  refuses("split", "below 1: got 1", [&] { text::split("abc", 1); });
  refuses("split", "each part needs text", [&] { text::split("a", 0.5); });
  refuses("sample", "got -1", [&] { text::Sampler({.temperature = -1}); });
  refuses("sample", "got 0", [&] { text::Sampler({.top_p = 0}); });
  refuses("sample", "at most 1: got 2", [&] { text::Sampler({.min_p = 2}); });
  refuses("sample", "got -2", [&] { text::Sampler({.repetition_penalty = -2}); });
  refuses("sample", "in 0..1: got 99", [&] { text::Sampler({.repetition_penalty = 2})(logits, 0, far); });
  refuses("sample", "got none", [&] { text::Sampler()({}, 0.5); });
  refuses("sample", "got logit 0, which is NaN", [&] { text::Sampler()(diverged, 0.5); });
  refuses("sample", "in [0, 1): got 1", [&] { text::Sampler()(logits, 1); });
  const auto next = [&](std::int32_t) { return std::span<const float>(logits); };
  const auto show = [](std::string_view) {};
  refuses("stop_matcher", "got 1 of them, one empty", [&] { text::StopMatcher({""}); });
  refuses("generate", "got an empty prime", [&] { text::generate(vocabulary, {}, next, {}, show); });
  refuses("generate", "each of 4 tokens: got 2", [&] { text::generate(vocabulary, few, next, {}, show); });
  refuses("generate", "got byte ff at 1 of one",
          [&] { text::generate(vocabulary, few, next, {.stop = {damaged}}, show); });
  refuses("generate", "got no next", [&] { text::generate(vocabulary, few, nullptr, {}, show); });
  refuses("vocabulary", "got 99", [&] { text::generate(vocabulary, far, next, {}, show); });
  refuses("unescape", "got '\\p' at byte 2", [&] { text::unescape("C:\\p"); });
  refuses("utf8", "got U+D800", [&] { text::unescape("\\uD800"); });
  refuses("utf8", "ff at byte 1 in line 1", [&] { text::decode_utf8(damaged); });
  refuses("utf8", "got U+110000", [&] { text::encode_utf8(0x110000); });
  refuses("utf8", "at byte 1", [&] { text::split_words(damaged); });
  refuses("utf8", "at byte 1", [&] {
    std::size_t position = 0;
    text::next_word(damaged, position);
  });
  refuses("utf8", "at byte 1", [&] { text::Vocabulary::characters(damaged); });
  refuses("vocabulary", "got 'sluice.vocabulary.1'", [&] {
    text::Vocabulary::from_json(R"({"format":"sluice.vocabulary.1","kind":"word","tokens":["<unk>","a"]})");
  });
  refuses("vocabulary", "got an empty one", [&] { text::Vocabulary::characters(""); });
  refuses("vocabulary", "got an empty one", [&] { text::Vocabulary::words(""); });
  refuses("vocabulary", "got a max_size of 1", [&] { text::Vocabulary::words("abc", 1); });
  refuses("vocabulary", "got an empty one", [&] { text::Vocabulary::of(text::TokenKind::word, ""); });
  refuses("vocabulary", "char, byte or word: got 'letter'", [&] { text::token_kind("letter"); });
  refuses("vocabulary", "an id must be in 0..3: got 9", [&] { vocabulary.token(9); });
  refuses("vocabulary", "an id must be in 0..3: got 99", [&] { vocabulary.decode(far); });
  refuses("utf8", "at byte 1", [&] { vocabulary.encode(damaged); });
  CHECK_THROWS_WITH(text::Vocabulary::from_json("no"), contains("text.cpp:") && contains("[vocabulary]"));
  refuses("corpus", "got none", [&] { text::load_corpus(std::vector<std::string>{}); });
  CHECK_THROWS_WITH(text::load_corpus("/no/such/file"),
                    contains("text.cpp:") && contains("[corpus] /no/such/file"));
}
