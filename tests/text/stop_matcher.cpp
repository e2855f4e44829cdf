#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <sluice/graph/error.h>
#include <sluice/text/stop_matcher.h>

#include "support/catch.h"

using sluice::text::StopMatcher;
using Texts = std::vector<std::string>;

namespace {

struct Result {
  std::string shown;
  std::string stop;
  friend bool operator==(const Result&, const Result&) = default;
};

/// By definition: of all places where a stop string ends the first, and there the longest.
Result expected(const Texts& stops, const std::string& text) {
  std::size_t first = std::string::npos;
  std::string longest;
  for (const std::string& stop : stops) {
    const std::size_t at = text.find(stop);
    if (at == std::string::npos) continue;
    const std::size_t end = at + stop.size();
    if (end < first || (end == first && stop.size() > longest.size())) {
      first = end;
      longest = stop;
    }
  }
  return {longest.empty() ? text : text.substr(0, first - longest.size()), longest};
}

template <class Size>
Result in_pieces(const Texts& stops, const std::string& text, Size size) {
  StopMatcher matcher(stops);
  Result result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = size();
    result.shown += matcher.push(text.substr(at, length));
    at += length;
  }
  result.shown += matcher.finish();
  result.stop = matcher.stop();
  return result;
}

}  // namespace

TEST_CASE("A text ends before the stop string, wherever the pieces are cut") {
  const std::string text = "one two, three";
  for (const std::size_t size : {1, 2, 3, 5, 100}) {
    const auto in = [&](const Texts& stops) { return in_pieces(stops, text, [&] { return size; }); };
    CAPTURE(size);
    CHECK(in({}) == Result{text, ""});
    CHECK(in({"two"}) == Result{"one ", "two"});
    CHECK(in({"one"}) == Result{"", "one"});
    CHECK(in({"three"}) == Result{"one two, ", "three"});
    CHECK(in({"threefold", "four"}) == Result{text, ""});
    CHECK(in({text}) == Result{"", text});
    CHECK(in({text + "."}) == Result{text, ""});
    CHECK(in({std::string(1, '\0')}) == Result{text, ""});
  }
}

TEST_CASE("Of several stop strings the one that ends first counts, of those the longest") {
  const auto at_once = [](const Texts& stops, const std::string& text) {
    return in_pieces(stops, text, [&] { return text.size(); });
  };
  CHECK(at_once({"abcd", "bc"}, "xabcd") == Result{"xa", "bc"});
  CHECK(at_once({"bc", "abcd"}, "xabd bcd") == Result{"xabd ", "bc"});
  CHECK(at_once({"b", "ab"}, "xab") == Result{"x", "ab"});
  CHECK(at_once({"ab", "b", "xab", "b"}, "xab") == Result{"", "xab"});
}

TEST_CASE("A stop string that begins within a beginning of itself is found") {
  const auto shown = [](const std::string& stop, const std::string& text) {
    return in_pieces({stop}, text, [] { return std::size_t{1}; });
  };
  CHECK(shown("aab", "aaaaab!") == Result{"aaa", "aab"});
  CHECK(shown("abab", "abaabab") == Result{"aba", "abab"});
  CHECK(shown("abcabd", "abcabcabd") == Result{"abc", "abcabd"});
  CHECK(shown("aaaa", "aaabaaa") == Result{"aaabaaa", ""});
}

TEST_CASE("No more is held back than may begin a stop string") {
  StopMatcher matcher({"\n\n", "END"});
  CHECK(matcher.push("a line\n") == "a line");
  CHECK(matcher.push("next\n") == "\nnext");
  CHECK(matcher.push("E") == "\n");
  CHECK(matcher.push("N").empty());
  CHECK(matcher.push("C E") == "ENC ");
  CHECK_FALSE(matcher.stopped());
  CHECK(matcher.push("NDLESS").empty());
  CHECK(matcher.stopped());
  CHECK(matcher.stop() == "END");
  CHECK(matcher.push("more").empty());
  CHECK(matcher.finish().empty());
  CHECK(StopMatcher({}).push("all") == "all");
}

TEST_CASE("A text that ends shows what was held back, and another may follow") {
  StopMatcher matcher({"abc"});
  CHECK(matcher.push("xab") == "x");
  CHECK(matcher.finish() == "ab");
  CHECK(matcher.push("c") == "c");
  CHECK(matcher.push("ab").empty());
  CHECK(matcher.push("c").empty());
  CHECK(matcher.stopped());
}

TEST_CASE("Random texts of few letters end where the definition says") {
  std::mt19937 random(11);
  const auto letters = [&](std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += static_cast<char>('a' + random() % 2);
    return text;
  };
  int stopped = 0;
  for (int round = 0; round < 5000; ++round) {
    Texts stops(random() % 4);
    for (std::string& stop : stops) stop = letters(1 + random() % 7);
    const std::string text = letters(random() % 30);
    const Result result = in_pieces(stops, text, [&] { return 1 + random() % 6; });
    CAPTURE(stops, text);
    REQUIRE(result == expected(stops, text));
    stopped += !result.stop.empty();
  }
  CHECK(stopped > 1000);
  CHECK(stopped < 4500);
}

TEST_CASE("A long stop string that almost fits again and again takes no longer") {
  const std::string stop = std::string(20'000, 'a') + 'b';
  StopMatcher matcher({stop});
  std::string shown;
  for (int i = 0; i < 200; ++i) shown += matcher.push(std::string(1000, 'a'));
  CHECK(shown.size() == 180'000);
  shown += matcher.push("b");
  CHECK(matcher.stopped());
  CHECK(shown.size() == 180'000);
}

TEST_CASE("An empty stop string is an error") {
  CHECK_THROWS_WITH(StopMatcher({"a", ""}),
                    contains("[stop_matcher] a stop string must have a byte or more: got 2 of them, one "
                             "empty; leave it out"));
}
