// Trainings that end at any moment and for any reason: what was learned is there, whole.

#include <sluice/io/checkpoint.h>

#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "model.h"
#include "support/catch.h"
#include "terminal.h"

using examples::Arguments;
using examples::Ended;
using examples::Folder;
using examples::joined;
using examples::lm;
using examples::Process;
using examples::read_file;
using examples::shell;
using examples::small;
using nlohmann::json;

namespace {

/// The number of trainings to interrupt in each way.
int trainings() {
  const char* wanted = std::getenv("SLUICE_INTERRUPTIONS");
  return wanted == nullptr ? 20 : std::atoi(wanted);
}

/// Whether a process has a signal blocked, that is, waits for it in peace.
bool blocks(pid_t id, int signal) {
  const std::string status = read_file("/proc/" + std::to_string(id) + "/status");
  const std::size_t at = status.find("SigBlk:");
  if (at == std::string::npos) return false;
  return (std::stoull(status.substr(at + 7), nullptr, 16) >> (signal - 1) & 1) != 0;
}

void check_whole(const std::string& file) {
  INFO(file);
  REQUIRE(std::filesystem::exists(file));
  CHECK_NOTHROW(sluice::io::load(file));
}

/// The command that lm showed, run to its end.
int go_on(const std::string& out, const std::string& more) {
  const std::string mark = "To go on:\n  ";
  const std::size_t begin = out.find(mark);
  REQUIRE(begin != std::string::npos);
  const std::string command =
      out.substr(begin + mark.size(), out.find('\n', begin + mark.size()) - begin - mark.size());
  return std::system((command + " " + more + " >/dev/null").c_str());
}

}  // namespace

TEST_CASE("a training that gets a signal at any moment saves and says how to go on") {
  const int signal = GENERATE(SIGINT, SIGTERM, SIGHUP);
  std::mt19937 random(static_cast<unsigned>(signal));
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string model = folder.file("model.ckpt");
  for (int i = 0; i < trainings(); ++i) {
    std::filesystem::remove(model);
    Process process(joined({"train", "--text", text, "--out", model, "--epochs", "1000000"}, small()));
    REQUIRE(wait_until(process, [&] { return blocks(process.id(), signal); }));
    usleep(random() % 300'000);
    process.send(SIGPIPE);  // of no account
    process.send(signal);
    const Ended ended = process.wait();
    INFO(ended.out << ended.err);
    REQUIRE(ended.signal == 0);
    REQUIRE(ended.code == 130);
    check_whole(model);
    CHECK_THAT(ended.out,
               contains("Stopped at step") && contains("the last good model") && contains("To go on"));
    if (std::filesystem::exists(model + ".best")) {
      check_whole(model + ".best");
      CHECK_THAT(ended.out, contains("the best"));
    }
    if (i == 0) CHECK(go_on(ended.out, "--minutes 0.001") == 0);
  }
}

TEST_CASE("a training whose output nobody reads any more saves and ends") {
  std::mt19937 random(7);
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string model = folder.file("model.ckpt");
  for (int i = 0; i < trainings(); ++i) {
    std::filesystem::remove(model);
    const std::string lines = std::to_string(1 + random() % 6);
    const int code =
        shell("($LM train --text " + text + " --out " + model +
              " --epochs 1000000 --layers 1 --hidden 12 --batch 4 --length 10 2>" + folder.file("err") +
              "; echo $? >" + folder.file("code") + ") | head -n " + lines + " >/dev/null");
    REQUIRE(code == 0);
    CHECK(read_file(folder.file("code")) == "130\n");
    check_whole(model);
    CHECK_THAT(read_file(folder.file("err")),
               contains("nobody reads the output any more") && contains("To go on"));
  }
}

TEST_CASE("a second signal ends at once, and the model saved before is whole") {
  const Folder folder;
  std::string long_text;
  for (int i = 0; i < 10; ++i) long_text += examples::sample_text();
  const std::string text = folder.file("text", long_text);
  const std::string model = folder.file("model.ckpt");
  // Steps of more than a second.
  Process process(
      {"train", "--text", text, "--out", model, "--hidden", "768", "--batch", "100", "--length", "150"});
  REQUIRE(wait_until(process, [&] { return std::filesystem::exists(model); }));
  process.send(SIGINT);
  usleep(100'000);
  process.send(SIGTERM);
  CHECK(process.wait().signal == SIGTERM);
  check_whole(model);
}

TEST_CASE(
    "a validation that a signal interrupted is done when the training goes on, and the log says what is "
    "known") {
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string model = folder.file("model.ckpt");
  const std::string log = folder.file("log.jsonl");
  REQUIRE(
      examples::train({"--text", text, "--out", model, "--steps", "50", "--log", log, "--validation", "0.2"})
          .code == 0);
  // As the signal leaves it: the steps are done, the validation is not.
  sluice::io::Checkpoint checkpoint = sluice::io::load(model);
  json state = json::parse(checkpoint.texts.at("state"));
  const double nats = state.at("validation");
  state["validation"] = -1.0;
  state["measured"] = 0;
  state["loss_sum"] = 20.0;
  state["loss_count"] = 10;
  checkpoint.texts["state"] = state.dump();
  checkpoint.arrays.at("stopping.best").values<double>()[0] = std::numeric_limits<double>::infinity();
  sluice::io::save(model, checkpoint);
  std::filesystem::remove(model + ".best");

  const Ended ended = lm({"train", "--resume", model, "--log", folder.file("more.jsonl")});
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  check_whole(model + ".best");
  const json line = json::parse(read_file(folder.file("more.jsonl")));
  CHECK(line.at("validation_nats") == nats);
  CHECK(line.at("train_nats") == 2);
  CHECK_FALSE(line.contains("learning_rate"));
  CHECK(ended.out.find("training 0.0000") == std::string::npos);
}

TEST_CASE("a log whose disk is full ends with a note and not with the training") {
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string model = folder.file("model.ckpt");
  const std::string log = folder.file("log.jsonl");
  std::filesystem::create_symlink("/dev/full", log);
  const Ended ended = examples::train({"--text", text, "--out", model, "--steps", "50", "--log", log});
  CHECK(ended.code == 0);
  CHECK_THAT(ended.err, contains("log.jsonl: cannot be written") && contains("goes on without a log"));
  CHECK(json::parse(lm({"info", "--model", model, "--json"}).out).at("state").at("step") == 50);
}

TEST_CASE("a full disk for models is found out at the start and leaves what was there") {
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string model = folder.file("model.ckpt");
  const Arguments command = joined({"train", "--text", text, "--out", model, "--steps", "50"}, small());
  constexpr std::size_t limit = 4096;
  const Ended none = lm(command, limit);
  CHECK(none.code == 1);
  CHECK_THAT(none.err, contains("model.ckpt"));
  CHECK_FALSE(std::filesystem::exists(model));

  REQUIRE(lm(command).code == 0);
  const std::string before = read_file(model);
  const Ended full = lm({"train", "--resume", model, "--steps", "300"}, limit);
  CHECK(full.code == 1);
  // Each epoch tried, and the training went on; its end could not be saved.
  CHECK_THAT(full.err, contains("the training goes on, and saves again later") &&
                           contains("the last good model, of step 50"));
  CHECK(read_file(model) == before);
}

TEST_CASE(
    "a loss that runs away ends the training with the last good model in place and advice that can be "
    "followed") {
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string model = folder.file("model.ckpt");
  REQUIRE(examples::train({"--text", text, "--out", model, "--epochs", "2", "--optimizer", "sgd", "--lr",
                           "0.5", "--schedule", "constant"})
              .code == 0);
  const std::string good = examples::everything_in(model);
  const std::string best = examples::everything_in(model + ".best");

  for (const Arguments& wild : {Arguments{"--lr", "1e6", "--clip", "0"}, {"--lr", "1e5", "--clip", "1e5"}}) {
    const Ended ended = lm(joined({"train", "--resume", model, "--epochs", "9"}, wild));
    INFO(ended.out << ended.err);
    CHECK(ended.code == 1);
    CHECK_THAT(ended.err, contains("the training has run away") && contains("the last good model, of step") &&
                              contains("model.ckpt.best") && contains("--lr "));
    CHECK(examples::everything_in(model) == good);
    CHECK(examples::everything_in(model + ".best") == best);
  }
  const Ended calm = lm({"train", "--resume", model, "--epochs", "3", "--lr", "0.5"});
  INFO(calm.err);
  CHECK(calm.code == 0);

  // A new one in its place leaves the older model alone, and is to be started again.
  const Ended other = examples::train(
      {"--text", text, "--out", model, "--epochs", "9", "--optimizer", "sgd", "--lr", "1e6", "--clip", "0"});
  CHECK_THAT(other.err, contains("is the model of an earlier training") && contains("start it again") &&
                            !contains("--resume"));

  // A new one that runs away at once leaves a model, too.
  const std::string fresh = folder.file("fresh.ckpt");
  const Ended ended = examples::train(
      {"--text", text, "--out", fresh, "--epochs", "9", "--optimizer", "sgd", "--lr", "1e6", "--clip", "0"});
  CHECK(ended.code == 1);
  CHECK_THAT(ended.err, contains("of step 0"));
  check_whole(fresh);
}
