#include "process.h"
#include "support/catch.h"
#include "support/sanitized.h"

TEST_CASE("the CTC recogniser learns to read strings of digits") {
  // Sanitizers take minutes for what others do in seconds: then it only runs.
  const int steps = sluice::test::sanitized ? 10 : 400;
  const examples::Ended ended = examples::run("ctc", {"--steps", std::to_string(steps)});
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  const std::string before = "read exactly: ";
  const std::size_t at = ended.out.find(before);
  REQUIRE(at != std::string::npos);
  const double share = std::stod(ended.out.substr(at + before.size()));
  CHECK(share <= 100);
  if (!sluice::test::sanitized) CHECK(share > 90);
}
