#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <string>

#include <sluice/graph/error.h>
#include <sluice/kernels/memory_limit.h>
#include <sluice/kernels/cgroup.inl>

#include "support/catch.h"

using sluice::kernels::memory_limit;
using sluice::kernels::require_memory;

TEST_CASE("the limit of memory is that of the machine or less") {
  std::ifstream file("/proc/meminfo");
  std::string name;
  std::size_t kilobytes = 0;
  if (!(file >> name >> kilobytes)) return;
  REQUIRE(memory_limit() >= std::size_t{1} << 26);
  // What the kernel keeps for itself is in none of the two numbers.
  REQUIRE(memory_limit() / 1024 <= kilobytes);
}

TEST_CASE("what no machine has is refused with its name and bytes") {
  const std::size_t limit = memory_limit();
  CHECK_NOTHROW(require_memory(limit, "all of it"));
  CHECK_THROWS_WITH(
      require_memory(limit + 1, "a tensor f32[3]"),
      contains("[memory] what this process holds must fit into " + std::to_string(limit) +
               " bytes: got a tensor f32[3] of " + std::to_string(limit + 1) + " bytes; make it smaller"));
  CHECK_THROWS_AS(require_memory(std::numeric_limits<std::size_t>::max(), "everything"), sluice::Error);
}

TEST_CASE("the tightest limit of the groups on the way to the root counts") {
  const std::map<std::string, int> limits{{"/m", 9}, {"/m/a", 5}, {"/m/a/b", 7}};
  const auto limit = [&](const std::string& folder) {
    return limits.count(folder) > 0 ? limits.at(folder) : 100;
  };
  const auto tightest = [&](const std::string& path) {
    return sluice::kernels::detail::tightest_on_path<int>("/m", path, limit);
  };
  CHECK(tightest("/a/b") == 5);
  CHECK(tightest("/a/b/c") == 5);
  CHECK(tightest("/x/y") == 9);
  CHECK(tightest("/") == 9);
}
