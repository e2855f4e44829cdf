#include "process.h"
#include "support/catch.h"
#include "support/sanitized.h"

TEST_CASE("the CTC recogniser learns to read strings of digits") {
  // Sanitizers take minutes for what others do in seconds: then it only runs.
  const examples::Arguments smoke{"--smoke"};
  const examples::Ended ended = examples::run("ctc", sluice::test::sanitized ? smoke : examples::Arguments());
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  const std::string before = "read exactly: ";
  const std::size_t at = ended.out.find(before);
  REQUIRE(at != std::string::npos);
  const double share = std::stod(ended.out.substr(at + before.size()));
  CHECK(share <= 100);
  if (!sluice::test::sanitized) CHECK(share > 97);
}
