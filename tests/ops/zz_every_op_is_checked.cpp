// No op without a check, and none that was not tried with hard values. The names of all ops are read from
// their sources; check_op counts the graphs in which it found the op that it was asked for. The name of
// this file makes it the last to be linked, so that its test runs last.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "support/catch.h"
#include "support/check_op.h"
#include "support/hard_values.h"

namespace {

std::set<std::string> names_in(const std::filesystem::path& folder) {
  // Ops say `name() const override { return "sum"; }`, with two names where a template makes two, elementwise
  // ones `std::string_view id = "tanh"`.
  const std::regex pattern(
      R"re((?:name\(\) const override \{\s*return(?: \w+ \?)?|\n[^/\n]*string_view id =)\s*)re"
      R"re("([a-z_0-9:]+)"(?: : "([a-z_0-9:]+)")?)re");
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto kind = entry.path().extension();
    if (kind != ".cpp" && kind != ".h" && kind != ".inl") continue;
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at) {
      for (const std::size_t group : {1, 2}) {
        if ((*at)[group].matched) names.insert((*at)[group].str());
      }
    }
  }
  return names;
}

std::set<std::string> all_ops() {
  return names_in(std::filesystem::path(SLUICE_TEST_DATA).parent_path() / "ops");
}

}  // namespace

TEST_CASE("every op has a check with at least eight samples") {
  const auto& checked = sluice::test::checked_ops();
  if (checked.empty()) {
    WARN("run together with the other tests of this program, which do the checks");
    return;
  }
  const std::set<std::string> all = all_ops();
  for (const char* name : {"matmul", "tanh", "min", "max", "random::normal"}) {
    INFO(name);
    REQUIRE(all.count(name) == 1);  // else the pattern does not fit any more
  }
  CHECK(all.count("softsign") == 0);  // an example in a comment
  std::string missing;                // ops with their numbers of samples
  for (const std::string& name : all) {
    const auto found = checked.find(name);
    const int samples = found == checked.end() ? 0 : found->second;
    if (samples < 8) missing += "\n" + name + ": " + std::to_string(samples);
  }
  INFO("ops with fewer than eight samples:" << missing);
  CHECK(missing.empty());
}

TEST_CASE("every op is tried with hard values") {
  const auto& driven = sluice::test::driven_ops();
  if (driven.empty()) {
    WARN("run together with the other tests of this program, which do the checks");
    return;
  }
  std::string missing;
  for (const std::string& name : all_ops()) {
    if (driven.count(name) == 0) missing += "\n" + name;
  }
  INFO("ops that no test tries with hard values:" << missing);
  CHECK(missing.empty());
}
