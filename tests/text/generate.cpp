#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <sluice/graph/error.h>
#include <sluice/graph/evaluate.h>
#include <sluice/ops/random.h>
#include <sluice/text/generate.h>
#include <sluice/text/utf8.h>

#include "support/catch.h"

namespace text = sluice::text;
using text::GenerateOptions;
using text::Vocabulary;
using Ids = std::vector<std::int32_t>;

namespace {

/// A model with a memory: the logits of each token mix all that it has read, the last most.
class Model {
 public:
  explicit Model(const Vocabulary& vocabulary) : logits_(vocabulary.size()) {}

  std::span<const float> read(std::int32_t token) {
    read_.push_back(token);
    state_ = std::fmod(state_ * 0.37 + 1.7 * token + 0.3, 11.0);
    for (std::size_t id = 0; id < logits_.size(); ++id)
      logits_[id] = static_cast<float>(3 * std::sin(state_ * static_cast<double>(id + 1)));
    return logits_;
  }

  text::NextLogits next() {
    return [this](std::int32_t token) { return read(token); };
  }
  const Ids& has_read() const { return read_; }

 private:
  double state_ = 0;
  std::vector<float> logits_;
  Ids read_;
};

/// What a model writes, and in which pieces.
struct Written : text::Generated {
  std::string all;
  std::vector<std::string> pieces;
};

Written write(const Vocabulary& vocabulary, std::string_view prime, const GenerateOptions& options) {
  Model model(vocabulary);
  Written written;
  static_cast<text::Generated&>(written) = text::generate(vocabulary, vocabulary.encode(prime), model.next(),
                                                          options, [&](std::string_view piece) {
                                                            written.all += piece;
                                                            written.pieces.emplace_back(piece);
                                                          });
  return written;
}

/// The same by hand: all tokens, with the random numbers that are documented.
Ids drawn(const Vocabulary& vocabulary, std::string_view prime, const GenerateOptions& options) {
  Model model(vocabulary);
  Ids all = vocabulary.encode(prime);
  const std::size_t before = all.size();
  std::vector<float> logits;
  for (const std::int32_t token : all) {
    const auto given = model.read(token);
    logits.assign(given.begin(), given.end());
  }
  text::Sampler sampler(options.sample);
  for (std::size_t i = 0; i < options.length; ++i) {
    if (vocabulary.has_unknown()) logits[0] = -std::numeric_limits<float>::infinity();
    const auto block = sluice::random::uniform(
        sluice::random::fold_in(sluice::random::key(options.seed), static_cast<std::int32_t>(i / 256)), {256},
        0, 1, sluice::DType::float64);
    all.push_back(sampler(logits, sluice::evaluate(block).to_vector<double>()[i % 256], all));
    const auto given = model.read(all.back());
    logits.assign(given.begin(), given.end());
  }
  return {all.begin() + static_cast<std::ptrdiff_t>(before), all.end()};
}

const Vocabulary& letters() {
  static const Vocabulary vocabulary = Vocabulary::characters("abcdefghijkl \n\u00E9\u4F60\U0001F600");
  return vocabulary;
}

}  // namespace

TEST_CASE("Writing draws each token from the model's distribution, with documented random numbers") {
  for (const std::size_t length : {0, 1, 255, 256, 257, 600}) {
    const GenerateOptions options{.length = length, .sample = {.temperature = 0.9, .top_p = 0.95}, .seed = 7};
    const Written written = write(letters(), "abc", options);
    CHECK(written.all == letters().decode(drawn(letters(), "abc", options)));
    CHECK(written.tokens == length);
    CHECK_FALSE(written.stopped);
    CHECK(written.stop.empty());
  }
}

TEST_CASE("The repetition penalty counts the prime and what was written") {
  for (const std::size_t window : {0, 1, 3, 64}) {
    const GenerateOptions options{
        .length = 300, .sample = {.repetition_penalty = 3, .repetition_window = window}, .seed = 3};
    CHECK(write(letters(), "abba a", options).all == letters().decode(drawn(letters(), "abba a", options)));
    CHECK(write(letters(), "abba a", options).all !=
          write(letters(), "abba a", {.length = 300, .seed = 3}).all);
  }
  // A greedy model that would repeat the prime may not, from its first token on.
  const Vocabulary ab = Vocabulary::characters("ab");
  const std::vector<float> logits{0, 2, 1};
  std::string shown;
  text::generate(
      ab, Ids{1}, [&](std::int32_t) { return std::span<const float>(logits); },
      {.length = 4, .sample = {.temperature = 0, .repetition_penalty = 3, .repetition_window = 1}},
      [&](std::string_view piece) { shown += piece; });
  CHECK(shown == "baba");
}

TEST_CASE("A model reads the prime and all that it wrote but the last token") {
  Model model(letters());
  Ids written;
  text::generate(letters(), letters().encode("ab"), model.next(), {.length = 5}, [&](std::string_view piece) {
    const Ids ids = letters().encode(piece);
    written.insert(written.end(), ids.begin(), ids.end());
  });
  Ids expected = letters().encode("ab");
  expected.insert(expected.end(), written.begin(), written.end() - 1);
  CHECK(model.has_read() == expected);
  CHECK(written.size() == 5);
}

TEST_CASE("The unknown token is never drawn") {
  const Vocabulary vocabulary = Vocabulary::characters("ab");
  const std::vector<float> logits{50, 1, 1};
  std::string shown;
  text::generate(
      vocabulary, Ids{0}, [&](std::int32_t) { return std::span<const float>(logits); }, {.length = 100},
      [&](std::string_view piece) { shown += piece; });
  CHECK(shown.size() == 100);
  CHECK(shown.find_first_not_of("ab") == std::string::npos);
  CHECK(shown.find('a') != std::string::npos);
  CHECK(shown.find('b') != std::string::npos);
}

TEST_CASE("A stop string ends the text before it") {
  const GenerateOptions plain{.length = 400, .seed = 5};
  const std::string all = write(letters(), "a", plain).all;
  for (std::size_t at = 1; at + 5 < all.size(); at += 37) {
    GenerateOptions options = plain;
    const std::size_t begin = text::valid_prefix(std::string_view(all).substr(0, at));
    const std::size_t end = text::valid_prefix(std::string_view(all).substr(0, at + 5));
    options.stop = {"not there", all.substr(begin, end - begin)};
    const Written written = write(letters(), "a", options);
    const std::size_t found = all.find(options.stop[1]);
    CHECK(written.all == all.substr(0, found));
    CHECK(written.stopped);
    CHECK(written.stop == options.stop[1]);
    CHECK(written.tokens == letters().encode(all.substr(0, found) + options.stop[1]).size());
  }
  CHECK(write(letters(), "stop", {.length = 50, .stop = {"stop"}, .seed = 5}).tokens == 50);
}

TEST_CASE("Stop strings span words and end within one") {
  const Vocabulary words = Vocabulary::words("one two three");
  const GenerateOptions plain{.length = 100, .seed = 2};
  const std::string all = write(words, "one", plain).all;
  const std::size_t at = all.find("wo th");
  REQUIRE(at != std::string::npos);
  GenerateOptions options = plain;
  options.stop = {"wo th"};
  const Written written = write(words, "one", options);
  CHECK(written.all == all.substr(0, at));
  CHECK(written.all.ends_with('t'));
}

TEST_CASE("Text is shown in whole characters as soon as it may be") {
  const Written plain = write(letters(), "a", {.length = 200});
  CHECK(plain.pieces.size() == 200);
  const Written written = write(letters(), "a", {.length = 200, .stop = {"\u00E9\u4F60zz", "ab-"}});
  CHECK(written.all == plain.all);
  for (const std::string& piece : written.pieces) {
    CHECK_FALSE(piece.empty());
    CHECK(text::valid_prefix(piece) == piece.size());
  }
  CHECK(written.pieces.size() < 200);
  CHECK(written.pieces.size() > 120);
}

TEST_CASE("Bytes are shown as they are") {
  const Vocabulary bytes = Vocabulary::bytes();
  const Written written = write(bytes, "a", {.length = 2000});
  CHECK(written.all.size() == 2000);
  for (int byte = 0; byte < 256; byte += 5)
    CHECK(written.all.find(static_cast<char>(byte)) != std::string::npos);
  const std::string stop = written.all.substr(777, 3);
  CHECK(write(bytes, "a", {.length = 2000, .stop = {stop}}).all ==
        written.all.substr(0, written.all.find(stop)));
}

TEST_CASE("What the reader of the text throws ends the writing") {
  Model model(letters());
  CHECK_THROWS_AS(text::generate(letters(), Ids{1}, model.next(), {}, [](std::string_view) { throw 1; }),
                  int);
  CHECK(model.has_read().size() == 1);
}

TEST_CASE("Writing without a model, a prime or logits is an error") {
  Model model(letters());
  const auto show = [](std::string_view) {};
  const Ids prime{1};
  CHECK_THROWS_WITH(text::generate(letters(), prime, {}, {}, show), contains("got no next; pass functions"));
  CHECK_THROWS_WITH(text::generate(letters(), prime, model.next(), {}, {}),
                    contains("[generate] it takes a model and what shows its text: got no show"));
  CHECK_THROWS_WITH(text::generate(letters(), Ids{}, model.next(), {}, show),
                    contains("[generate] a model reads a token before it writes one: got an empty prime"));
  CHECK_THROWS_WITH(text::generate(letters(), Ids{1, 99}, model.next(), {}, show),
                    contains("[vocabulary] an id must be in 0..17: got 99"));
  CHECK_THROWS_WITH(text::generate(letters(), prime, model.next(), {.stop = {""}}, show),
                    contains("[stop_matcher] a stop string must have a byte or more"));
  CHECK_THROWS_WITH(
      text::generate(letters(), prime, model.next(), {.stop = {"a", "b\xE4"}}, show),
      contains("[generate] stop strings of a vocabulary of chars must be UTF-8: got byte e4 at 1 "
               "of one; use whole characters"));
  CHECK_THROWS_WITH(text::generate(letters(), prime, model.next(), {.sample = {.top_p = 2}}, show),
                    contains("[sample] top_p"));
  CHECK(model.has_read().empty());
  const Vocabulary fewer = Vocabulary::characters("ab");
  CHECK_THROWS_WITH(text::generate(fewer, prime, model.next(), {}, show),
                    contains("[generate] a model gives one logit for each of 3 tokens: got 18; use the "
                             "vocabulary that it was trained with"));
  CHECK_NOTHROW(text::generate(Vocabulary::bytes(), Ids{1}, Model(Vocabulary::bytes()).next(),
                               {.length = 0, .stop = {"\xE4"}}, show));
}
