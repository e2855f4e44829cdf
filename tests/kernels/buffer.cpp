#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include <sluice/graph/error.h>
#include <sluice/kernels/buffer.h>

#include "support/catch.h"

using sluice::kernels::Buffer;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

TEST_CASE("a buffer starts on a cache line and has the size asked for") {
  for (const std::size_t bytes : {1, 63, 64, 65, 4097}) {
    Buffer buffer(bytes);
    REQUIRE(buffer.size() == bytes);
    REQUIRE(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64 == 0);
    std::fill_n(buffer.data(), bytes, std::byte{1});  // address sanitizers see a block that is too small
  }
}

TEST_CASE("a buffer of no bytes is fine and has no memory") {
  const Buffer none(0);
  REQUIRE(none.size() == 0);
  REQUIRE(none.data() == nullptr);
  REQUIRE(Buffer::zeroed(0).data() == nullptr);
}

TEST_CASE("a zeroed buffer holds zeros, also where memory was used before") {
  for (int i = 0; i < 10; ++i) {
    Buffer dirty(1000);
    std::fill_n(dirty.data(), 1000, std::byte{0xff});
    dirty = Buffer();
    const Buffer clean = Buffer::zeroed(1000);
    REQUIRE(std::all_of(clean.data(), clean.data() + 1000, [](std::byte b) { return b == std::byte{0}; }));
  }
}

TEST_CASE("moving a buffer hands its memory over") {
  Buffer first(100);
  std::byte* const memory = first.data();
  Buffer second(std::move(first));
  REQUIRE(second.data() == memory);
  REQUIRE(second.size() == 100);
  REQUIRE(first.data() == nullptr);  // NOLINT(bugprone-use-after-move): that it is empty is the point
  REQUIRE(first.size() == 0);

  Buffer third(7);
  third = std::move(second);
  REQUIRE(third.data() == memory);
  REQUIRE(second.data() == nullptr);  // NOLINT(bugprone-use-after-move)
  Buffer& same = third;
  third = std::move(same);
  REQUIRE(third.data() == memory);
}

// The sanitizers' own allocators end the program instead of throwing.
#ifndef SANITIZED
TEST_CASE("a buffer that is too large for the machine is an Error") {
  for (const std::size_t above : {0, 10, 63, 64, 65}) {
    // Through a volatile: compilers warn of a size that cannot be.
    const volatile std::size_t absurd = std::numeric_limits<std::size_t>::max() - above;
    REQUIRE_THROWS_WITH(Buffer(absurd), contains("got a block of memory of " + std::to_string(absurd)));
    REQUIRE_THROWS_AS(Buffer::zeroed(absurd), sluice::Error);
  }
  const volatile std::size_t quarter = std::numeric_limits<std::size_t>::max() / 4;
  REQUIRE_THROWS_WITH(Buffer(quarter), contains("[memory]"));
}
#endif
