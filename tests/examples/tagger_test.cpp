// The tagger reads in both directions: one of them leaves nouns and adjectives, or nouns and verbs, to a guess.

#include <string>

#include "process.h"
#include "support/catch.h"

using examples::Ended;

TEST_CASE("the tagger learns the tags of sentences that it has not seen") {
  const Ended ended = examples::Process({"--smoke"}, 0, "tagger").wait();
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  const std::size_t last = ended.out.rfind("epoch 4: ");
  REQUIRE(last != std::string::npos);
  CHECK(std::stod(ended.out.substr(last + 9)) > 0.98);
}
