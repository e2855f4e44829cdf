#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "model.h"
#include "support/catch.h"
#include "terminal.h"

using examples::Arguments;
using examples::Folder;
using examples::joined;
using examples::lm;
using examples::on_terminal;
using examples::read_file;
using examples::shell;
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
    CHECK(object.at("learning_rate").get<double>() > 0);
    CHECK(object.at("gradient_norm").get<double>() > 0);
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
  CHECK(lines[0] ==
        "step,epoch,seconds,train_nats,learning_rate,gradient_norm,tokens_per_second,seconds_left,validation_"
        "nats");
  for (std::size_t i = 1; i < lines.size(); ++i) {
    CHECK(lines[i].starts_with(std::to_string(5 * i) + ",1,"));
    CHECK(std::count(lines[i].begin(), lines[i].end(), ',') == 8);
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

TEST_CASE("plot draws a log with gnuplot, or says what to install") {
  const Folder folder;
  const std::string name = GENERATE("log.csv", "log.jsonl");
  const std::string text = folder.file("text", examples::sample_text());
  const std::string log = folder.file(name);
  REQUIRE(train({"--text", text, "--out", folder.file("model"), "--epochs", "2", "--log", log}).code == 0);
  const std::string drawn = folder.file("run.svg");

  // A gnuplot of ours shows what the real one is given.
  const std::string script = folder.file("script");
  folder.file("gnuplot", "#!/bin/sh\ncat >" + script +
                             "\ntouch \"$(sed -n \"s/^set output '\\(.*\\)'/\\1/p\" " + script + ")\"\n");
  std::filesystem::permissions(folder.file("gnuplot"), std::filesystem::perms::owner_all);
  REQUIRE(shell("PATH=" + folder.file("") + ":$PATH $LM plot " + log + " -o " + drawn + " >/dev/null") == 0);
  CHECK(std::filesystem::exists(drawn));
  const std::string given = read_file(script);
  std::size_t curves = 0;
  std::istringstream content(given);
  for (std::string line; std::getline(content, line);) curves += line == "e";
  CHECK(curves == 3);
  CHECK_THAT(given, contains("training") && contains("validation") && contains("learning rate"));

  CHECK(shell("PATH=" + folder.file("empty") + " $LM plot " + log + " -o " + drawn + " 2>" +
              folder.file("err")) == 1);
  CHECK_THAT(read_file(folder.file("err")), contains("apt install gnuplot-nox"));
  if (shell("command -v gnuplot >/dev/null") == 0) {
    std::filesystem::remove(drawn);
    REQUIRE(lm({"plot", log, "-o", drawn}).code == 0);
    CHECK_THAT(read_file(drawn), contains("<svg") && contains("validation"));
  } else {
    WARN("gnuplot is not here: the real one has not been tried");
  }
  const examples::Ended nowhere = lm({"plot", log, "-o", folder.file("none/run.svg")});
  CHECK(nowhere.out.empty());
  CHECK_THAT(nowhere.err, contains("there is no such folder"));
  CHECK_THAT(lm({"plot", folder.file("not.jsonl", "{\"step\":5}\n"), "-o", drawn}).err,
             contains("is there and is no log"));
  CHECK_THAT(lm({"plot", log, "-o", folder.file("run.gif")}).err, contains(".svg, .png or .pdf"));
  CHECK_THAT(lm({"plot", text, "-o", drawn}).err, contains("is there and is no log"));
}

TEST_CASE("progress fits the terminal, and what a pipe gets tells the losses") {
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const Arguments command =
      joined({"train", "--text", text, "--out", folder.file("model"), "--epochs", "4"}, examples::small());
  for (const int columns : {120, 40, 12}) {
    const examples::Ended ended = on_terminal(command, columns);
    CHECK(ended.code == 0);
    std::size_t shown = 0;
    for (std::size_t at = 0; (at = ended.out.find('\r', at)) != std::string::npos; ++at) {
      const std::string line = ended.out.substr(at + 1, ended.out.find_first_of("\x1B\r\n", at + 1) - at - 1);
      CHECK(line.size() < static_cast<std::size_t>(columns));
      if (line.empty()) continue;
      ++shown;
      CHECK_THAT(line, contains("loss"));
      if (columns == 120) CHECK_THAT(line, contains("step") && contains("lr") && contains("/s"));
    }
    CHECK(shown > 0);
  }
  const examples::Ended piped = lm(command);
  CHECK(piped.out.find('\r') == std::string::npos);
  std::size_t epochs = 0;
  std::istringstream lines(piped.out);
  for (std::string line; std::getline(lines, line);)
    epochs += line.find("training") != std::string::npos && line.find("validation") != std::string::npos;
  CHECK(epochs >= 4);
}
