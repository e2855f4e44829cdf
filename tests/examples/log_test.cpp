#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "model.h"
#include "support/catch.h"

using examples::Arguments;
using examples::Folder;
using examples::lm;
using examples::read_file;
using examples::train;
using nlohmann::json;

namespace {

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::istringstream content(read_file(path));
  for (std::string line; std::getline(content, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE(
    "each line of a .jsonl log tells where the training is, and those of an epoch's end the validation "
    "loss") {
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string log = folder.file("log.jsonl");
  REQUIRE(train({"--text", text, "--out", folder.file("model"), "--epochs", "2", "--log", log}).code == 0);
  std::int64_t last = 0;
  double seconds = 0;
  int validations = 0;
  double first_loss = 0;
  double loss = 0;
  for (const std::string& line : lines_of(log)) {
    const json object = json::parse(line);
    CHECK(object.at("step").get<std::int64_t>() > last);
    last = object.at("step");
    CHECK(object.at("seconds").get<double>() >= seconds);
    seconds = object.at("seconds");
    CHECK(object.at("tokens_per_second").get<double>() > 0);
    loss = object.at("train_nats");
    if (first_loss == 0) first_loss = loss;
    CHECK((object.at("epoch") == 1 || object.at("epoch") == 2));
    CHECK((last % 10 == 0 || object.contains("validation_nats")));
    if (object.contains("validation_nats")) CHECK(object.at("epoch") == ++validations);
  }
  CHECK(validations == 2);
  CHECK(loss < first_loss - 0.5);
}

TEST_CASE("a .csv log has a header and a field for each of its names in every line") {
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string log = folder.file("log.csv");
  const Arguments command{"--text", text,    "--out", folder.file("model"), "--steps",
                          "25",     "--log", log,     "--log-every",        "5"};
  REQUIRE(train(command).code == 0);
  const auto lines = lines_of(log);
  REQUIRE(lines.size() == 6);
  CHECK(lines[0] == "step,epoch,seconds,train_nats,tokens_per_second,validation_nats");
  for (std::size_t i = 1; i < lines.size(); ++i) {
    CHECK(lines[i].starts_with(std::to_string(5 * i) + ",1,"));
    CHECK(std::count(lines[i].begin(), lines[i].end(), ',') == 5);
    CHECK(lines[i].ends_with(',') == (i < 5));  // the end of the training is measured
  }
  // A new training begins a new log.
  REQUIRE(train(command).code == 0);
  CHECK(lines_of(log).size() == 6);
}

TEST_CASE(
    "a resumed training takes its log up where the checkpoint is, without lines of steps it does again") {
  const std::string name = GENERATE("log.csv", "log.jsonl");
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string model = folder.file("model");
  const std::string log = folder.file(name);
  REQUIRE(train({"--text", text, "--out", model, "--steps", "20", "--log", log, "--log-every", "5"}).code ==
          0);
  const auto before = lines_of(log);
  const std::string& last = before.back();
  const std::string later = name == "log.csv" ? "25" + last.substr(2) : "{\"step\":25}";
  // As a process leaves it that was killed behind step 25, while it wrote a line.
  folder.file(name, read_file(log) + later + "\n" + later.substr(0, 4));
  REQUIRE(lm({"train", "--resume", model, "--steps", "30", "--log", log, "--log-every", "5"}).code == 0);
  const auto after = lines_of(log);
  REQUIRE(after.size() == before.size() + 2);
  CHECK(std::equal(before.begin(), before.end(), after.begin()));
  CHECK(after[before.size()] != later);
}

TEST_CASE("training stops early when the validation loss has not become better, and keeps the best model") {
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string model = folder.file("model");
  // A rate this large makes things worse soon.
  const auto ended = train({"--text", text, "--out", model, "--epochs", "500", "--patience", "2", "--lr",
                            "0.3", "--schedule", "constant"});
  REQUIRE(ended.code == 0);
  CHECK_THAT(ended.out, contains("No better validation loss for 2 epochs"));
  const auto nats = [&](const std::string& file) {
    const auto result = lm({"evaluate", "--model", file, "--text", text, "--part", "validation", "--json"});
    return json::parse(result.out).at("nats").get<double>();
  };
  const json info = json::parse(lm({"info", "--model", model, "--json"}).out);
  CHECK(info.at("state").at("bad") == 2);
  CHECK(info.at("state").at("epoch") < 500);
  CHECK(nats(model + ".best") == info.at("state").at("best").get<double>());
  CHECK(nats(model) > nats(model + ".best"));
}
