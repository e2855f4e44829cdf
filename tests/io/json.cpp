#include "io/files.h"
#include "support/catch.h"

#include <sluice/io/checkpoint_file.h>

#include <nlohmann/json.hpp>

#include <cstring>

using namespace sluice;
using namespace sluice::io;

namespace {

std::string error_of(const std::string& json, const Limits& limits = {}) {
  InMemory calls(json);
  return message_of([&] { load_json(calls, "json", limits); });
}

/// A file with one array (its members are given), without checksum.
std::string with_array(const std::string& members) {
  return R"({"library_version": "0.1.0", "format": 1, "texts": {}, "arrays": {"w": {)" + members + "}}}";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("JSON comes back with the same bits") {
  const Folder folder;
  save_json(folder.file("a"), sample());
  const Checkpoint after = load_json(folder.file("a"));
  CHECK(same(after, sample()));
  CHECK(after.library_version == version);
  CHECK(read_bytes(folder.file("a")) == to_json(sample()));
  CHECK(folder.names() == std::vector<std::string>{"a"});

  save_json(folder.file("a"), Checkpoint{});
  CHECK(same(load_json(folder.file("a")), Checkpoint{}));
}

TEST_CASE("Any float and any double come back from JSON with the same bits") {
  const Folder folder;
  Checkpoint checkpoint;
  Array floats({DType::float32, {20'000}});
  Array doubles({DType::float64, {20'000}});
  std::uint64_t state = 7;
  for (std::size_t i = 0; i < 20'000; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const std::uint64_t mixed = state ^ (state >> 29);
    const auto half = static_cast<std::uint32_t>(mixed >> 16);
    std::memcpy(&floats.values<float>()[i], &half, 4);
    std::memcpy(&doubles.values<double>()[i], &mixed, 8);
  }
  checkpoint.arrays = {{"floats", floats}, {"doubles", doubles}};
  save_json(folder.file("a"), checkpoint);
  CHECK(same(load_json(folder.file("a")), checkpoint));
}

TEST_CASE("JSON is what other programs can read, with numbers as short as can be") {
  Checkpoint checkpoint;
  checkpoint.texts["t"] = "a \"quoted\"\n\xC3\xA4";
  checkpoint.arrays["w"] = Array({DType::float32, {2, 2}});
  const float values[] = {0.1f, 1e30f, -2.f, 16777216.f};
  std::memcpy(checkpoint.arrays["w"].data(), values, sizeof values);
  const std::string text = to_json(checkpoint);
  CHECK_THAT(text, contains("0.1, 1e+30,\n") && contains("-2, 16777216]"));
  const auto json = nlohmann::json::parse(text);
  CHECK(json["format"] == 1);
  CHECK(json["texts"]["t"] == checkpoint.texts["t"]);
  CHECK(json["arrays"]["w"]["shape"] == nlohmann::json({2, 2}));
  CHECK(json["arrays"]["w"]["dtype"] == "f32");
}

TEST_CASE("An overview has no values and cannot be loaded") {
  const std::string overview = to_json(sample(), {.values = false});
  const auto json = nlohmann::json::parse(overview);
  CHECK(json["arrays"].size() == sample().arrays.size());
  CHECK(json["arrays"]["f32"] == nlohmann::json({{"dtype", "f32"}, {"shape", {2, 3}}}));
  CHECK_THAT(error_of(overview), contains("overview"));
}

TEST_CASE("A value changed in JSON is found by the checksum, unless that was taken out") {
  const std::string good = to_json(sample());
  const std::string changed = replaced(good, "1.5", "1.25");
  CHECK_THAT(error_of(changed), contains("contents are damaged") && contains("'checksum'"));
  CHECK(error_of(good).empty());
  const auto line = good.find("  \"checksum\"");
  const std::string without = std::string(good).erase(line, good.find('\n', line) + 1 - line);
  CHECK(error_of(replaced(without, "1.5", "1.25")).empty());
}

TEST_CASE("Every truncated JSON file is refused, and a damaged one is refused or means the same") {
  const std::string good = to_json(sample());
  for (std::size_t size = 0; size + 1 < good.size(); ++size) {  // the last byte is a newline
    REQUIRE_THAT(error_of(good.substr(0, size)), contains("[load_json]"));
  }
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    InMemory calls(bad);
    Checkpoint after;
    const std::string error = message_of([&] { after = load_json(calls, "json"); });
    if (error.empty()) {
      REQUIRE(same(after, sample()));
    } else {
      REQUIRE_THAT(error, contains("[load_json]"));
    }
  }
}

TEST_CASE("JSON that is not a checkpoint is refused, each by its rule") {
  const std::string good = R"({"library_version": "0.1.0", "format": 1, "texts": {"t": ""}, "arrays": {}})";
  REQUIRE(error_of(good).empty());
  REQUIRE(error_of(with_array(R"("dtype": "f32", "shape": [2], "values": [1, 2.5])")).empty());
  const std::string f32 = R"("dtype": "f32", "shape": [1], "values": )";
  const std::string i32 = R"("dtype": "i32", "shape": [1], "values": )";
  const auto refused = [](const char* rule, const std::string& json) {
    INFO(json);
    CHECK_THAT(error_of(json), contains(rule) && contains("[load_json]"));
  };
  refused("no JSON", "");
  refused("no JSON", "PK");
  refused("no JSON", good + "x");
  refused("no JSON", with_array(f32 + "[NaN]"));
  refused("no JSON", with_array(f32 + "[1e999]"));
  refused("where it does not belong", "[]");
  refused("where it does not belong", "1");
  refused("where it does not belong", "\"a\"");
  refused("where it does not belong", replaced(good, "\"0.1.0\"", "null"));
  refused("where it does not belong", replaced(good, "\"0.1.0\"", "1"));
  refused("where it does not belong", replaced(good, "1,", "1.5,"));
  refused("where it does not belong", replaced(good, "1,", "-1,"));
  refused("where it does not belong", replaced(good, "1,", "true,"));
  refused("where it does not belong", replaced(good, "{\"t\": \"\"}", "[]"));
  refused("where it does not belong", replaced(good, "\"\"}", "{}}"));
  refused("library_version may be", replaced(good, "0.1.0", "0.1.0 and much more"));
  refused("format 2, written by Sluice 7.0", R"({"library_version": "7.0", "format": 2})");
  refused("format 0", replaced(good, "1,", "0,"));
  refused("format 4294967295", replaced(good, "1,", "4294967297,"));
  refused("'library_version' is missing", replaced(good, R"("library_version": "0.1.0", )", ""));
  refused("'format' is missing", replaced(good, R"("format": 1, )", ""));
  refused("'arrays' is missing", replaced(good, R"(, "arrays": {})", ""));
  refused("'texts' is missing", replaced(good, R"("texts": {"t": ""}, )", ""));
  refused("'arrays' is there twice", replaced(good, R"("arrays": {})", R"("arrays": {}, "arrays": {})"));
  refused("'more' is unknown", replaced(good, "texts", "more"));
  refused("no hexadecimal", replaced(good, R"("format")", R"("checksum": "xyz", "format")"));
  refused("no hexadecimal",
          replaced(good, R"("format")", R"("checksum": "00000000000000000f0000000000000000", "format")"));
  refused("there twice: 't'", replaced(good, R"("t": "")", R"("t": "", "t": "")"));
  refused("name is empty", replaced(good, R"("t": "")", R"("": "")"));
  refused("lacks dtype", with_array(""));
  refused("lacks dtype", with_array(R"("dtype": "f32", "shape": [0])"));
  refused("before its values", with_array(R"("dtype": "f32", "values": [])"));
  refused("before its values", with_array(R"("values": [], "dtype": "f32", "shape": [0])"));
  refused("'dtype' twice", with_array(R"("dtype": "f32", "dtype": "f32")"));
  refused("'shape' twice", with_array(R"("shape": [1], "shape": [1])"));
  refused("'values' twice", with_array(f32 + R"([1], "values": [1])"));
  refused("unknown member 'color'", with_array(R"("color": 1)"));
  refused("unknown dtype: 'f16'", with_array(R"("dtype": "f16")"));
  refused("must have 1 values: got 0", with_array(f32 + "[]"));
  refused("more values than its shape [1]", with_array(f32 + "[1, 2]"));
  refused("must have 281474976710656 values: got 1",
          with_array(R"("dtype": "f64", "shape": [281474976710656], "values": [1])"));
  refused("2^48 elements", with_array(R"("dtype": "f32", "shape": [281474976710656, 2], "values": [])"));
  refused("length of an axis", with_array(R"("dtype": "f32", "shape": [281474976710657], "values": [])"));
  refused("where it does not belong", with_array(R"("dtype": "f32", "shape": [-1], "values": [])"));
  refused("where it does not belong", with_array(f32 + "[[1]]"));
  refused("where it does not belong", with_array(f32 + "[null]"));
  refused("rank of 'w'", with_array(R"("dtype": "f32", "shape": [1,1,1,1,1,1,1,1,1], "values": [1])"));
  refused("cannot have the value true", with_array(f32 + "[true]"));
  refused("cannot have the value \"big\"", with_array(f32 + R"(["big"])"));
  refused("cannot have the value \"nan:1\"", with_array(f32 + R"(["nan:1"])"));
  refused("cannot have the value \"nan:17fc00000\"", with_array(f32 + R"(["nan:17fc00000"])"));
  refused("cannot have the value 1e+200", with_array(f32 + "[1e+200]"));
  refused("cannot have the value 2147483648", with_array(i32 + "[2147483648]"));
  refused("cannot have the value -2147483649", with_array(i32 + "[-2147483649]"));
  refused("cannot have the value 1.5", with_array(i32 + "[1.5]"));
  refused("cannot have the value \"inf\"", with_array(i32 + R"(["inf"])"));
  refused("cannot have the value 1", with_array(R"("dtype": "bool", "shape": [1], "values": [1])"));
}

TEST_CASE("The limits hold for JSON, too") {
  const Folder folder;
  const std::string json = to_json(sample());
  const auto refused = [&](std::uint64_t Limits::*cap, std::uint64_t least) {
    Limits limits;
    limits.*cap = least;
    CHECK(error_of(json, limits).empty());
    limits.*cap = least - 1;
    CHECK_THAT(error_of(json, limits), contains("at most"));
    CHECK_THROWS_WITH(save_json(folder.file("b"), sample(), limits), contains("at most"));
  };
  refused(&Limits::bytes, json.size());
  refused(&Limits::arrays, sample().arrays.size());
  refused(&Limits::texts, sample().texts.size());
  refused(&Limits::rank, 8);
  refused(&Limits::name, std::strlen("configuration"));
  refused(&Limits::text, sample().texts.at("configuration").size());
  CHECK(folder.names().empty());
}

TEST_CASE("What is not UTF-8 goes into the binary form, not into JSON") {
  const Folder folder;
  Checkpoint checkpoint;
  checkpoint.texts["bytes"] = "\xFF\xFE";
  CHECK_THROWS_WITH(to_json(checkpoint), contains("UTF-8"));
  CHECK_THROWS_WITH(save_json(folder.file("a"), checkpoint), contains("UTF-8") && contains("[save_json]"));
  CHECK(folder.names().empty());
  save(folder.file("a"), checkpoint);
  CHECK(same(load(folder.file("a")), checkpoint));
}
