#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <sluice/graph/error.h>
#include <sluice/text/batches.h>

#include "support/catch.h"

using sluice::text::Batches;
using Ids = std::vector<std::int32_t>;

namespace {

/// Tokens that tell where they stand: 100, 101, ...
Ids numbered(std::size_t count) {
  Ids tokens;
  for (std::size_t i = 0; i < count; ++i) tokens.push_back(100 + static_cast<std::int32_t>(i));
  return tokens;
}

struct Buffers {
  explicit Buffers(const Batches& batches) : x(batches.batch() * batches.length(), 7), y(x) {}
  Ids x, y;
};

}  // namespace

TEST_CASE("Windows lie side by side in time, and y is x one token later") {
  Batches batches(numbered(14), 2, 3);  // 13 pairs: two streams of 6, one left over
  REQUIRE(batches.windows_per_epoch() == 2);
  CHECK(batches.targets_per_epoch() == 12);
  Buffers buffers(batches);
  auto window = batches.next(buffers.x, buffers.y);
  CHECK(buffers.x == Ids{100, 106, 101, 107, 102, 108});
  CHECK(buffers.y == Ids{101, 107, 102, 108, 103, 109});
  CHECK(window.first);
  CHECK_FALSE(window.last);
  window = batches.next(buffers.x, buffers.y);
  CHECK(buffers.x == Ids{103, 109, 104, 110, 105, 111});
  CHECK(buffers.y == Ids{104, 110, 105, 111, 106, 112});
  CHECK_FALSE(window.first);
  CHECK(window.last);
  CHECK(batches.position() == Batches::Position{1, 0});
  window = batches.next(buffers.x, buffers.y);
  CHECK(buffers.x[0] == 100);
  CHECK(window.first);
}

TEST_CASE("Training windows are full and follow each other in every stream") {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const std::size_t batch = 1 + random() % 6, length = 1 + random() % 7;
    const std::size_t count = batch * length + 1 + random() % 60;
    Batches batches(numbered(count), batch, length);
    const std::size_t stream = (count - 1) / batch;
    REQUIRE(batches.windows_per_epoch() == stream / length);
    Buffers buffers(batches);
    for (std::size_t w = 0; w < batches.windows_per_epoch(); ++w) {
      const auto window = batches.next(buffers.x, buffers.y);
      REQUIRE(window.first == (w == 0));
      REQUIRE(window.last == (w + 1 == batches.windows_per_epoch()));
      for (std::size_t t = 0; t < length; ++t) {
        for (std::size_t b = 0; b < batch; ++b) {
          const auto token = static_cast<std::int32_t>(100 + b * stream + w * length + t);
          REQUIRE(buffers.x[t * batch + b] == token);
          REQUIRE(buffers.y[t * batch + b] == token + 1);
        }
      }
    }
    REQUIRE(batches.position() == Batches::Position{1, 0});
  }
}

TEST_CASE("A saved position goes on with the same windows in new batches") {
  std::mt19937 random(4);
  for (int round = 0; round < 100; ++round) {
    const std::size_t batch = 1 + random() % 4, length = 1 + random() % 5;
    const Ids tokens = numbered(batch * length + 1 + random() % 50);
    Batches original(tokens, batch, length);
    Buffers a(original), b(original);
    for (unsigned i = random() % 30; i > 0; --i) original.next(a.x, a.y);
    Batches resumed(tokens, batch, length);
    resumed.seek(original.position());
    REQUIRE(resumed.position() == original.position());
    for (int i = 0; i < 20; ++i) {
      const auto window = original.next(a.x, a.y);
      const auto again = resumed.next(b.x, b.y);
      REQUIRE(a.x == b.x);
      REQUIRE(a.y == b.y);
      REQUIRE(window.first == again.first);
      REQUIRE(original.position() == resumed.position());
    }
  }
}

TEST_CASE("The smallest texts make one window") {
  Batches training(numbered(7), 2, 3);
  CHECK(training.windows_per_epoch() == 1);
  Buffers buffers(training);
  const auto window = training.next(buffers.x, buffers.y);
  CHECK(window.first);
  CHECK(window.last);
  CHECK(buffers.x == Ids{100, 103, 101, 104, 102, 105});
}

TEST_CASE("Texts shorter than one window are errors that say what to do") {
  CHECK_THROWS_WITH(Batches(numbered(2500), 50, 50),
                    contains("[batches] one window of 50 steps in 50 streams needs 2501 tokens: got a text "
                             "of 2500; use a longer "
                             "text, a smaller batch or a smaller length"));
  CHECK_NOTHROW(Batches(numbered(2501), 50, 50));
  CHECK_THROWS_WITH(Batches({}, 1, 1), contains("needs 2 tokens: got a text of 0"));
}

TEST_CASE("Batches of nothing or of absurd size are errors") {
  const std::string rule = "[batches] batch and length must be in 1..16777216: got ";
  CHECK_THROWS_WITH(Batches(numbered(9), 0, 3), contains(rule + "0 and 3; choose smaller numbers"));
  CHECK_THROWS_WITH(Batches(numbered(9), 3, 0), contains(rule + "3 and 0; choose smaller numbers"));
  CHECK_THROWS_WITH(Batches(numbered(9), SIZE_MAX, SIZE_MAX),
                    contains(rule + "18446744073709551615 and 18446744073709551615; choose smaller numbers"));
}

TEST_CASE("Buffers of another size are errors and do not move the position") {
  Batches batches(numbered(20), 2, 3);
  Ids six(6), five(5);
  const std::string message =
      "[batches] x and y must each have room for 3 x 2 tokens: got 6 and 5; size them as length * batch";
  CHECK_THROWS_WITH(batches.next(six, five), contains(message));
  CHECK_THROWS(batches.next(five, six));
  CHECK(batches.position() == Batches::Position{0, 0});
}

TEST_CASE("Positions of another text are errors and change nothing") {
  Batches batches(numbered(20), 2, 3);  // 3 windows
  batches.seek({4, 2});
  CHECK_THROWS_WITH(
      batches.seek({1, 3}),
      contains(
          "[batches] a position must be in an epoch of 3 windows: got window 3 of epoch 1; go on with the "
          "same text, batch and length"));
  CHECK_THROWS(batches.seek({-1, 0}));
  CHECK_THROWS(batches.seek({0, -1}));
  CHECK(batches.position() == Batches::Position{4, 2});
}
