#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "support/catch.h"
#include "support/golden.h"

namespace {

using sluice::test::Array;
using sluice::test::Golden;
using sluice::test::open_vectors;
using sluice::test::Record;

/// A file that exists as long as the object.
class Scratch {
 public:
  explicit Scratch(const std::string& text)
      : path_(std::filesystem::temp_directory_path() /
              ("sluice_reader_" + std::to_string(std::random_device{}()) + ".json")) {
    std::ofstream(path_) << text;
  }
  ~Scratch() { std::filesystem::remove(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("every golden file opens, and its arrays agree with their shapes") {
  for (const std::string file : {"rnn", "lstm", "gru", "optim", "schedules", "losses", "functions", "init",
                                 "custom_ops", "adaptive_softmax"}) {
    INFO(file);
    const auto golden = Golden::open(file + ".json");
    CHECK(golden.source().text("package") == "torch");
    CHECK(golden.names().size() >= 7);
    for (const std::string& name : golden.names()) {
      const Record record = golden.at(name);
      for (const std::string& key : record.keys()) {
        if (record.has(key + "/shape")) CHECK_NOTHROW(record.array(key));
      }
    }
  }
}

TEST_CASE("a case of a golden file gives its numbers, lists and arrays") {
  const Record record = Golden::open("lstm.json").at("layers=2 T=5 B=3 I=4 H=6");
  CHECK(record.integer("layers") == 2);
  CHECK(record.flag("bias"));
  CHECK(record.texts("parameters").front() == "weight_ih_l0");
  CHECK(record.array("weight_hh_l1").shape == std::vector<std::int64_t>{24, 6});
  CHECK(record.array("x").data.size() == 60);

  double loss = 0;
  for (const std::string output : {"output", "h_n", "c_n"}) {
    const Array value = record.array(output);
    const Array seed = record.array("seed." + output);
    for (std::size_t i = 0; i < value.data.size(); ++i) loss += value.data[i] * seed.data[i];
  }
  CHECK(loss == Approx(record.number("loss")).epsilon(1e-13));
}

TEST_CASE("infinities and NaN are read back from their names") {
  const Record record = Golden::open("functions.json").at("log edges");
  const Array x = record.array("x");
  CHECK(x.data.front() == -INFINITY);
  CHECK(std::isnan(x.data.back()));
  CHECK(record.array("value").data.at(2) == -INFINITY);
}

TEST_CASE("nested lists become arrays and paths lead into them") {
  const Scratch file(
      R"({"a": {"rows": [[1, 2, 3], [4, 5, 6.5]], "none": [], "scalar": {"shape": [], "data": [7]}}})");
  const Record record = Record::read(file.path());
  const Array rows = record.array("a/rows");
  CHECK(rows.shape == std::vector<std::int64_t>{2, 3});
  CHECK(rows.data == std::vector<double>{1, 2, 3, 4, 5, 6.5});
  CHECK(record.at("a").array("rows/1").as<int>() == std::vector<int>{4, 5, 6});
  CHECK(record.number("a/rows/1/2") == 6.5);
  CHECK(record.array("a/none").shape == std::vector<std::int64_t>{0});
  CHECK(record.array("a/scalar").shape.empty());
  CHECK(record.items("a/rows").size() == 2);
  CHECK(record.keys("a") == std::vector<std::string>{"rows", "none", "scalar"});
  CHECK_FALSE(record.has("a/rows/2"));
  CHECK_FALSE(record.has("a/rows/x"));
}

TEST_CASE("what is missing or of another kind is named") {
  CHECK_THROWS_WITH(Golden::open("absent.json"), contains("absent.json: cannot open the file"));
  CHECK_THROWS_WITH(Golden::open("gru.json").at("none"), contains("gru.json/cases: there is no 'none'"));

  const Scratch file(
      R"({"ragged": [[1, 2], [3]], "short": {"shape": [3], "data": [1]}, "word": "w", "half": 0.5})");
  const Record record = Record::read(file.path());
  CHECK_THROWS_WITH(record.array("ragged"), contains("differ in length"));
  CHECK_THROWS_WITH(record.array("short"), contains("asks for 3 numbers, data holds 1"));
  CHECK_THROWS_WITH(record.number("word"), contains("expected a number, found string"));
  CHECK_THROWS_WITH(record.integer("half"), contains("expected a whole number"));
  CHECK_THROWS_WITH(record.text("half"), contains("expected a text, found number"));
  CHECK_THROWS_WITH(record.flag("half"), contains("expected true or false"));
  CHECK_THROWS_WITH(record.keys("half"), contains("expected an object"));
  CHECK_THROWS_WITH(record.items("half"), contains("expected a list"));

  const Scratch broken("{");
  CHECK_THROWS_WITH(Record::read(broken.path()), contains("parse error"));
}

TEST_CASE("conformance vectors open where they are present, and a misspelt name is no reason to skip") {
  if (!sluice::test::vectors_folder()) {
    WARN(sluice::test::vectors_absent());
    CHECK_FALSE(open_vectors("webnn/lstm.json"));
    return;
  }
  const auto vectors = open_vectors("webnn/lstm.json");
  REQUIRE(vectors);
  CHECK(vectors->items("tests").size() == 3);
  CHECK(vectors->array("tests/0/options/bias").shape.size() == 2);
  CHECK_THROWS_WITH(open_vectors("webnn/none.json"), contains("cannot open"));
}
