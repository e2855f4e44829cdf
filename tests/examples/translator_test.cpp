#include "process.h"
#include "support/catch.h"

#include <cstdio>

using examples::Ended;
using examples::Process;

TEST_CASE("a translator learns to reorder words and to decline articles, and searches with beams") {
  const Ended ended = Process({"--smoke"}, 0, "translator").wait();
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  int exact = 0, all = 0;
  REQUIRE(std::sscanf(ended.out.c_str(), "%d of %d new sentences", &exact, &all) == 2);
  CHECK(all == 64);
  // Without its attention it translates none, even after 2000 steps: there are three or four clauses, each of
  // 108 forms.
  CHECK(exact >= 48);
}
