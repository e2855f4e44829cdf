#include <sluice/io/checkpoint.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "model.h"
#include "support/catch.h"

using examples::Arguments;
using examples::Ended;
using examples::everything_in;
using examples::Folder;
using examples::joined;
using examples::lm;
using examples::Process;
using examples::sample_of;
using examples::small;
using examples::train;

namespace {

std::int64_t saved_step(const std::string& checkpoint) {
  try {
    return nlohmann::json::parse(sluice::io::load(checkpoint).text("state")).at("step");
  } catch (const sluice::Error&) {
    return 0;  // not there yet
  }
}

/// The trainings to interrupt: everything that has state of its own is in one of them. 200 steps are five
/// epochs.
const std::vector<Arguments> trainings{
    {"--cell", "lstm", "--dropout", "0.3", "--warmup", "20"},
    {"--cell", "gru", "--schedule", "plateau", "--optimizer", "rmsprop", "--decay-after", "0"},
    {"--cell", "four_gate", "--tie", "--optimizer", "sgd", "--schedule", "step"},
};

}  // namespace

TEST_CASE("a training that is killed and resumed again and again ends with the same bits and the same text") {
  const Arguments options = GENERATE(from_range(trainings));
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string whole = folder.file("whole.ckpt");
  const std::string killed = folder.file("killed.ckpt");
  const Arguments common = joined(joined({"train", "--text", text, "--steps", "200"}, options), small());

  const Ended reference = lm(joined(common, {"--out", whole}));
  INFO(reference.err);
  REQUIRE(reference.code == 0);
  REQUIRE(saved_step(whole) == 200);

  // Long samples keep it from reaching its end before it is killed.
  const Arguments often{"--out",          killed, "--save-every",    "7",
                        "--sample-every", "3",    "--sample-length", "3000"};
  Arguments command = joined(common, often);
  int kills = 0;
  for (std::int64_t before = 0; kills < 4; ++kills) {
    Process process(command);
    if (!wait_until(process, [&] { return saved_step(killed) > before; })) break;
    process.send(SIGKILL);
    if (process.wait().signal != SIGKILL) break;
    before = saved_step(killed);
    REQUIRE(before > 0);
    command = joined({"train", "--resume", killed}, often);
  }
  CHECK(kills > 0);
  CHECK(saved_step(killed) < 200);

  const Ended resumed = lm({"train", "--resume", killed});
  INFO(resumed.err);
  REQUIRE(resumed.code == 0);
  CHECK(resumed.out.find("Resumed at step") != std::string::npos);
  CHECK(everything_in(killed) == everything_in(whole));
  CHECK(sample_of(killed) == sample_of(whole));
}

TEST_CASE("a signal to stop saves the training, and the command it shows goes on with the same bits") {
  const int signal = GENERATE(SIGINT, SIGTERM);
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string whole = folder.file("whole.ckpt");
  const std::string stopped = folder.file("it's stopped.ckpt");  // a name the shell would misread
  const Arguments every_step{"--log-every", "1", "--log", folder.file("whole.jsonl")};
  REQUIRE(train(joined({"--text", text, "--out", whole, "--steps", "200"}, every_step)).code == 0);

  const std::string log = folder.file("log.jsonl");
  Process process(joined({"train", "--text", text, "--out", stopped, "--steps", "200", "--log", log,
                          "--log-every", "1", "--sample-every", "1"},
                         small()));
  REQUIRE(wait_until(process, [&] { return process.out().find("after step 5") != std::string::npos; }));
  process.send(signal);
  const Ended ended = process.wait();
  CHECK(ended.code == 130);
  CHECK(saved_step(stopped) >= 5);
  CHECK(saved_step(stopped) < 200);
  const std::size_t begin = ended.out.find("To go on:\n");
  REQUIRE(begin != std::string::npos);
  CHECK(ended.out.find("'\\''s stopped.ckpt'") != std::string::npos);

  const std::string shown = ended.out.substr(begin + std::string("To go on:\n").size());
  REQUIRE(std::system((shown.substr(0, shown.find('\n')) + " >" + folder.file("out")).c_str()) == 0);
  CHECK(everything_in(stopped) == everything_in(whole));
  CHECK(sample_of(stopped) == sample_of(whole));

  std::int64_t last = 0;
  std::istringstream lines(examples::read_file(log));
  for (std::string line; std::getline(lines, line); ++last)
    CHECK(nlohmann::json::parse(line).at("step") == last + 1);
  CHECK(last == 200);
}

TEST_CASE("a resumed training goes on to a larger goal, and a reached one has nothing to do") {
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string model = folder.file("model");
  REQUIRE(train({"--text", text, "--out", model, "--steps", "20"}).code == 0);
  const std::string before = everything_in(model);

  const Ended nothing = lm({"train", "--resume", model});
  CHECK(nothing.code == 0);
  CHECK(nothing.out.find("complete") != std::string::npos);
  CHECK(everything_in(model) == before);

  REQUIRE(lm({"train", "--resume", model, "--out", folder.file("more"), "--steps", "30"}).code == 0);
  CHECK(saved_step(folder.file("more")) == 30);
  CHECK(everything_in(model) == before);
  REQUIRE(lm({"train", "--resume", model, "--minutes", "0.01"}).code == 0);
  CHECK(saved_step(model) > 20);
}

TEST_CASE("a training saved before lm listed its parts goes on, and is saved under the same names") {
  const Folder folder;
  std::string lines;
  for (int i = 0; i < 60; ++i) lines += "abc cab\n";
  const std::string text = folder.file("text", lines);
  const sluice::io::Checkpoint before = sluice::io::load(SLUICE_TEST_DATA "/examples/data/lm2.checkpoint");
  const std::string out = folder.file("out.ckpt");
  sluice::io::save(out, before);
  const Ended resumed = lm({"train", "--resume", out, "--text", text, "--steps", "12"});
  INFO(resumed.err);
  REQUIRE(resumed.code == 0);
  const sluice::io::Checkpoint after = sluice::io::load(out);
  CHECK(after.arrays.at("optimizer.step").element(0) == 12);
  CHECK(after.arrays.at("stopping.best").element(0) <= before.arrays.at("stopping.best").element(0));
  CHECK(after.arrays.size() == before.arrays.size());
  for (const auto& [name, array] : before.arrays) {
    INFO(name);
    CHECK(after.arrays.count(name) == 1);
  }
}
