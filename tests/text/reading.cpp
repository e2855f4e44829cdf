#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include <sluice/graph/error.h>
#include <sluice/text/reading.h>

#include "support/catch.h"

using sluice::text::Reading;
using sluice::text::ReadingOptions;
using Ids = std::vector<std::int32_t>;

namespace {

constexpr float no_number = std::numeric_limits<float>::quiet_NaN();

/// Tokens that tell where they stand: 0, 1, ...
Ids numbered(std::size_t count) {
  Ids tokens(count);
  std::iota(tokens.begin(), tokens.end(), 0);
  return tokens;
}

Ids random_tokens(std::size_t count, std::uint32_t seed) {
  std::mt19937 random(seed);
  Ids tokens(count);
  for (std::int32_t& token : tokens) token = static_cast<std::int32_t>(random() % 7);
  return tokens;
}

ReadingOptions options(std::size_t length, std::size_t overlap, std::size_t shortest, std::size_t most = 32) {
  return {
      .length = length, .overlap = overlap, .shortest = shortest, .most_streams = most, .per_token = true};
}

/// A model whose state is the last `memory` tokens: what it expects depends on them alone.
class Remembers {
 public:
  explicit Remembers(std::size_t memory) : memory_(memory) {}

  void read(Reading& reading) {
    std::vector<Ids> before(reading.streams());
    Ids x(reading.length() * reading.streams());
    Ids y(x);
    std::vector<float> nats(x.size());
    for (Reading::Window window; !window.last;) {
      window = reading.next(x, y);
      if (window.first) before.assign(reading.streams(), {});
      for (std::size_t i = 0; i < x.size(); ++i) {
        Ids& state = before[i % reading.streams()];
        state.push_back(x[i]);
        if (state.size() > memory_) state.erase(state.begin());
        nats[i] = y[i] == Reading::ignored ? no_number : nats_of(state, y[i]);
      }
      reading.add(nats);
    }
  }

 private:
  static float nats_of(const Ids& state, std::int32_t next) {
    double mixed = next + 0.25;
    for (const std::int32_t token : state) mixed = std::fmod(mixed * 1.7 + token, 5.0);
    return static_cast<float>(mixed);
  }

  std::size_t memory_;
};

}  // namespace

TEST_CASE("A short text is read as one stream") {
  Reading reading(numbered(8), options(3, 5, 100));
  CHECK(reading.streams() == 1);
  CHECK(reading.length() == 3);
  CHECK(reading.windows() == 3);
  CHECK(reading.targets() == 7);
  Ids x(3, 77), y(3, 77);
  auto window = reading.next(x, y);
  CHECK(x == Ids{0, 1, 2});
  CHECK(y == Ids{1, 2, 3});
  CHECK(window.first);
  CHECK_FALSE(window.last);
  CHECK(window.steps == 3);
  CHECK(window.targets == 3);
  reading.add(std::vector<float>{1, 2, 3});
  reading.next(x, y);
  reading.add(std::vector<float>{4, 5, 6});
  CHECK(reading.position() == 2);
  window = reading.next(x, y);
  CHECK(x == Ids{6, 0, 0});
  CHECK(y == Ids{7, -1, -1});
  CHECK_FALSE(window.first);
  CHECK(window.last);
  CHECK(window.steps == 1);
  CHECK(window.targets == 1);
  CHECK(reading.counted() == 6);
  reading.add(std::vector<float>{7, 1000, no_number});
  CHECK(reading.counted() == 7);
  CHECK(reading.total() == 28);
  CHECK(reading.nats() == std::vector<float>{1, 2, 3, 4, 5, 6, 7});
}

TEST_CASE("A longer text is read in parts, each from some tokens ahead of its own") {
  Reading reading(numbered(9), options(3, 2, 4));  // 8 pairs: 0..3 and, from 2 on, 4..7
  CHECK(reading.streams() == 2);
  CHECK(reading.windows() == 2);
  Ids x(6), y(6);
  auto window = reading.next(x, y);
  CHECK(x == Ids{0, 2, 1, 3, 2, 4});
  CHECK(y == Ids{1, -1, 2, -1, 3, 5});
  CHECK(window.steps == 3);
  CHECK(window.targets == 4);
  reading.add(std::vector<float>{1, no_number, 2, no_number, 3, 5});
  window = reading.next(x, y);
  CHECK(x == Ids{3, 5, 0, 6, 0, 7});
  CHECK(y == Ids{4, 6, -1, 7, -1, 8});
  CHECK(window.last);
  CHECK(window.targets == 4);
  reading.add(std::vector<float>{4, 6, no_number, 7, no_number, 8});
  CHECK(reading.total() == 36);
  CHECK(reading.nats() == std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8});
}

TEST_CASE("The length of a text alone decides in how many parts it is read") {
  const auto streams = [](std::size_t tokens) { return Reading(Ids(tokens, 1), ReadingOptions{}).streams(); };
  CHECK(streams(2) == 1);
  CHECK(streams(32'767) == 1);
  CHECK(streams(32'768) == 2);
  CHECK(streams(49'151) == 2);
  CHECK(streams(49'152) == 3);
  CHECK(streams(524'287) == 31);
  CHECK(streams(524'288) == 32);
  CHECK(streams(4'000'000) == 32);
  CHECK(Reading(numbered(5), options(1, 0, 1)).streams() == 4);  // no part is empty
}

TEST_CASE("Every token but the first counts once, in any options") {
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    const std::size_t count = 2 + random() % 90;
    const ReadingOptions how = options(1 + random() % 9, random() % 12, 1 + random() % 20, 1 + random() % 6);
    CAPTURE(count, how.length, how.overlap, how.shortest, how.most_streams);
    Reading reading(numbered(count), how);
    std::vector<int> counted(count);
    std::vector<std::int32_t> last(reading.streams(), -1);
    Ids x(reading.length() * reading.streams());
    Ids y(x);
    std::vector<float> nats(x.size());
    std::size_t windows = 0;
    for (Reading::Window window; !window.last; ++windows) {
      window = reading.next(x, y);
      REQUIRE(window.first == (windows == 0));
      std::size_t targets = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const std::size_t stream = i % reading.streams();
        nats[i] = no_number;
        if (i / reading.streams() >= window.steps) REQUIRE((x[i] == 0 && y[i] == Reading::ignored));
        if (y[i] == Reading::ignored) {
          // Ahead of a part its tokens follow each other, too.
          if (last[stream] >= 0 && x[i] != 0) REQUIRE(x[i] == last[stream] + 1);
          if (x[i] != 0 || windows + i / reading.streams() == 0) last[stream] = x[i];
          continue;
        }
        REQUIRE(y[i] == x[i] + 1);
        if (last[stream] >= 0) REQUIRE(x[i] == last[stream] + 1);
        last[stream] = x[i];
        ++counted[static_cast<std::size_t>(y[i])];
        nats[i] = static_cast<float>(y[i]);
        ++targets;
      }
      REQUIRE(window.targets == targets);
      REQUIRE(targets > 0);
      reading.add(nats);
    }
    REQUIRE(windows == reading.windows());
    REQUIRE(reading.counted() == count - 1);
    REQUIRE(counted[0] == 0);
    REQUIRE(std::all_of(counted.begin() + 1, counted.end(), [](int times) { return times == 1; }));
    REQUIRE(reading.total() == static_cast<double>(count * (count - 1)) / 2);
    for (std::size_t i = 0; i + 1 < count; ++i) REQUIRE(reading.nats()[i] == static_cast<float>(i + 1));
  }
}

TEST_CASE("A model that remembers no more than the overlap is measured alike in any number of parts") {
  const Ids tokens = random_tokens(5000, 1);
  Remembers model(9);
  Reading whole(tokens, options(64, 0, 5000));
  REQUIRE(whole.streams() == 1);
  model.read(whole);
  for (const std::size_t streams : {2, 3, 7, 32}) {
    for (const std::size_t length : {1, 10, 64}) {
      Reading parts(tokens, options(length, 8, 5000 / streams, streams));
      REQUIRE(parts.streams() == streams);
      model.read(parts);
      CHECK(parts.nats() == whole.nats());
      CHECK(std::abs(parts.total() - whole.total()) < 1e-9 * whole.total());
    }
  }
  Reading less(tokens, options(64, 7, 2500));
  model.read(less);
  CHECK(less.nats() != whole.nats());
}

TEST_CASE("The length of windows changes no bit of the sum") {
  const Ids tokens = random_tokens(3000, 2);
  Remembers model(5);
  Reading first(tokens, options(64, 100, 700));
  model.read(first);
  CHECK(first.streams() == 4);
  for (const std::size_t length : {1, 3, 50, 5000}) {
    Reading other(tokens, options(length, 100, 700));
    model.read(other);
    CHECK(other.total() == first.total());
  }
}

TEST_CASE("A reading begins anew") {
  Reading reading(random_tokens(300, 3), options(16, 20, 100));
  Remembers model(4);
  model.read(reading);
  const double total = reading.total();
  const std::vector<float> nats = reading.nats();
  reading.reset();
  CHECK(reading.total() == 0);
  CHECK(reading.counted() == 0);
  CHECK(reading.position() == 0);
  CHECK(reading.nats() == std::vector<float>(299));
  Ids x(reading.length() * reading.streams()), y(x);
  reading.next(x, y);
  reading.reset();  // a window that was not added is forgotten
  model.read(reading);
  CHECK(reading.total() == total);
  CHECK(reading.nats() == nats);
}

TEST_CASE("A sum that leaves its range is told") {
  Reading reading(numbered(3), options(2, 0, 10));
  Ids x(2), y(2);
  reading.next(x, y);
  reading.add(std::vector<float>{1, std::numeric_limits<float>::infinity()});
  CHECK(std::isinf(reading.total()));
  reading.reset();
  reading.next(x, y);
  reading.add(std::vector<float>{no_number, 1});
  CHECK(std::isnan(reading.total()));
}

TEST_CASE("Readings of nothing, in no windows or out of order are errors") {
  for (const std::size_t count : {0u, 1u}) {
    CHECK_THROWS_WITH(Reading(numbered(count)),
                      contains("[reading] a measurement needs 2 tokens or more: got a text of " +
                               std::to_string(count) + "; use a longer text"));
  }
  CHECK_THROWS_WITH(Reading({1, 2, -1}),
                    contains("[reading] tokens must be 0 or more: got -1 at 2; encode the text anew"));
  const std::string range =
      "[reading] length and most_streams must be in 1..16777216 and shortest 1 or more: got ";
  CHECK_THROWS_WITH(Reading(numbered(9), options(0, 1, 1)), contains(range + "0, 32 and 1"));
  CHECK_THROWS_WITH(Reading(numbered(9), options(1, 1, 0)), contains(range + "1, 32 and 0"));
  CHECK_THROWS_WITH(Reading(numbered(9), options(1, 1, 1, 0)), contains(range + "1, 0 and 1"));
  CHECK_THROWS_WITH(Reading(numbered(9), options(16'777'217, 1, 1)), contains(range + "16777217, 32 and 1"));

  Reading reading(numbered(17), {.length = 4, .overlap = 0, .shortest = 8});
  Ids eight(8), seven(7);
  std::vector<float> nats(8);
  CHECK_THROWS_WITH(reading.add(nats), contains("[reading] a window is added once, after next: got 0 windows "
                                                "and all of them added; call next first"));
  CHECK_THROWS_WITH(reading.next(eight, seven),
                    contains("[reading] x and y must each have room for 4 x 2 tokens: got 8 and 7; size them "
                             "as length * streams"));
  CHECK_THROWS(reading.next(seven, eight));
  CHECK(reading.position() == 0);
  reading.next(eight, eight);
  CHECK_THROWS_WITH(
      reading.next(eight, eight),
      contains("[reading] every target counts: got no nats for window 0; call add before next"));
  CHECK(reading.position() == 1);
  CHECK_THROWS_WITH(reading.add(std::vector<float>(1)),
                    contains("[reading] there must be the nats of 4 x 2 places: got 1; leave the mean out"));
  reading.add(nats);
  CHECK_THROWS_WITH(reading.add(nats), contains("got 1 windows and all of them added"));
  CHECK(reading.counted() == 8);
  CHECK(reading.next(eight, eight).last);
  reading.add(nats);
  CHECK_THROWS_WITH(reading.next(eight, eight),
                    contains("[reading] the text has been read: got a call after the "
                             "last of 2 windows; call reset to read it again"));
  CHECK_THROWS_WITH(reading.nats(), contains("[reading] the nats of each token are kept if asked for: got "
                                             "per_token false; set it in the options"));
}
