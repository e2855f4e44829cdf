#include <sluice/graph/tensor.h>
#include <sluice/io/checkpoint.h>

#include <algorithm>
#include <filesystem>

#include "model.h"
#include "support/catch.h"

using examples::Arguments;
using examples::Ended;
using examples::Folder;
using examples::joined;
using examples::lm;
using examples::read_file;
using examples::train;

namespace {

/// Failed as a user's error does: exit code 1 and one line that holds `text`.
void check_error(const Ended& ended, const std::string& text) {
  INFO(ended.out);
  CHECK(ended.code == 1);
  CHECK_THAT(ended.err, contains(text));
  CHECK(ended.err.starts_with("lm: "));
  CHECK(std::count(ended.err.begin(), ended.err.end(), '\n') == 1);
}

/// A folder with a text and a model that was trained on it.
struct Trained {
  Folder folder;
  std::string text = folder.file("text", examples::sample_text());
  std::string model = folder.file("model.ckpt");
  std::string bytes;

  Trained() {
    REQUIRE(train({"--text", text, "--out", model, "--steps", "5"}).code == 0);
    bytes = read_file(model);
  }
  /// The model is as it was.
  void check_untouched() const { CHECK(read_file(model) == bytes); }
};

}  // namespace

TEST_CASE("a text that cannot be trained on is an error, and an older model stays as it was") {
  const Trained trained;
  const Folder& folder = trained.folder;
  const auto fails = [&](const std::string& text, const std::string& message) {
    check_error(train({"--text", text, "--out", trained.model, "--steps", "5"}), message);
    trained.check_untouched();
  };
  fails(folder.file("latin1", "one\ntwo \xE9 three\n" + std::string(500, 'x')),
        "latin1: not UTF-8: line 2, byte 8 (0xe9)");
  fails(folder.file("empty", ""), "empty");
  fails(folder.file("short", "too short for a window"), "too short");
  fails(folder.file("missing"), "missing");
  std::filesystem::create_directory(folder.file("nothing"));
  fails(folder.file("nothing"), "nothing");
}

TEST_CASE(
    "a checkpoint keeps the settings that decide its parameters, and is not replaced by one of another "
    "text") {
  const Trained trained;
  const auto fails = [&](const Arguments& arguments, const std::string& message) {
    check_error(lm(joined({"train", "--resume", trained.model}, arguments)), message);
    trained.check_untouched();
  };
  fails({"--hidden", "13", "--steps", "9"}, "--hidden 13 is not what this training began with (12)");
  fails({"--cell", "gru", "--steps", "9"}, "--cell gru is not");
  fails({"--text", trained.folder.file("other", examples::sample_text() + "."), "--steps", "9"},
        "is not the text");
  // What is the same may be said again.
  CHECK(lm({"train", "--resume", trained.model, "--hidden", "12", "--text", trained.text, "--steps", "9"})
            .code == 0);
}

TEST_CASE("what is no checkpoint of this program is refused by every command") {
  const Trained trained;
  const Folder& folder = trained.folder;
  sluice::io::Checkpoint foreign;
  foreign.arrays.emplace("w", sluice::ones({2}).value());
  const std::string other = folder.file("other.ckpt");
  sluice::io::save(other, foreign);
  const std::string cut = folder.file("cut.ckpt", trained.bytes.substr(0, trained.bytes.size() / 2));
  std::string damaged_bytes = trained.bytes;
  damaged_bytes[damaged_bytes.size() / 2] ^= 1;
  const std::string damaged = folder.file("damaged.ckpt", damaged_bytes);

  for (const std::string& file : {other, cut, damaged, trained.text, folder.file("missing.ckpt")}) {
    const std::string name = std::filesystem::path(file).filename();
    check_error(lm({"sample", "--model", file}), name);
    check_error(lm({"evaluate", "--model", file, "--text", trained.text}), name);
    check_error(lm({"info", "--model", file}), name);
    check_error(lm({"train", "--resume", file, "--out", trained.model}), name);
    trained.check_untouched();
  }
}

TEST_CASE("settings in a checkpoint that are of another type, negative or too large are refused by name") {
  const Trained trained;
  const auto fails = [&](const std::string& text, const std::string& name, const std::string& value) {
    sluice::io::Checkpoint checkpoint = sluice::io::load(trained.model);
    std::string& settings = checkpoint.texts.at(text);
    const std::string member = '"' + name + "\":";
    const auto begin = settings.find(member) + member.size();
    settings.replace(begin, settings.find_first_of(",}", begin) - begin, value);
    const std::string changed = trained.folder.file("changed.ckpt");
    sluice::io::save(changed, checkpoint);
    check_error(lm({"train", "--resume", changed, "--steps", "9"}),
                "the checkpoint's settings have no valid \"" + name + '"');
  };
  for (const std::string number :
       {"1e300", "-1e300", "2.5", "true", "18446744073709551615", "-1", "\"12\"", "null"}) {
    fails("model", "hidden", number);
    fails("train", "seed", number);
    fails("budget", "epochs", number);
    fails("text", "bytes", number);
    fails("text", "files", number);
    fails("state", "step", number);
  }
  fails("model", "tie", "1");
  fails("model", "dropout", "false");
  fails("train", "optimizer", "3");
}

TEST_CASE("a file that is no checkpoint is not replaced by one, nor a file that is no log by a log") {
  const Trained trained;
  const std::string text = read_file(trained.text);
  check_error(train({"--text", trained.text, "--out", trained.text}), "is there and is no checkpoint");
  check_error(train({"--text", trained.text, "--out", trained.folder.file("no/such/folder")}),
              "there is no folder");
  const std::string notes = trained.folder.file("notes.csv", "my notes\n");
  check_error(train({"--text", trained.text, "--out", trained.model, "--log", notes}),
              "is there and is no log");
  check_error(train({"--text", trained.text, "--out", trained.model, "--log", trained.text}),
              ".csv or .jsonl");
  const std::string precious = trained.folder.file("precious.jsonl", "{\"step\":1,\"note\":\"mine\"}\n");
  check_error(train({"--text", trained.text, "--out", trained.model, "--log", precious}),
              "is there and is no log");
  CHECK_THAT(read_file(precious), contains("mine"));
  const std::string both = trained.folder.file("both.jsonl");
  check_error(train({"--text", trained.text, "--out", both, "--log", both}),
              "--log and a model have the same name");
  CHECK_FALSE(std::filesystem::exists(both));
  CHECK(read_file(trained.text) == text);
  CHECK(read_file(notes) == "my notes\n");
  trained.check_untouched();
}

TEST_CASE("options that make no sense are errors with the rule they break") {
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string out = folder.file("model.ckpt");
  const auto fails = [&](const Arguments& arguments, const std::string& message) {
    check_error(lm(joined({"train", "--text", text, "--out", out}, arguments)), message);
    CHECK_FALSE(std::filesystem::exists(out));
  };
  fails({"--cell", "elman"}, "--cell is one of rnn, lstm, gru, four_gate: got elman");
  fails({"--hidden", "0"}, "--hidden is a number from 1");
  fails({"--layers", "-1"}, "--layers");
  fails({"--dropout", "1"}, "--dropout is at least 0 and below 1: got 1");
  fails({"--validation", "nan"}, "--validation");
  fails({"--schedule", "linear"}, "--schedule is one of");
  fails({"--optimizer", "lbfgs"}, "--optimizer is one of");
  fails({"--tie", "--embed", "8", "--hidden", "9"}, "--tie");
  fails({"--epochs", "1", "--steps", "1"}, "say one of");
  fails({"--patience", "2", "--validation", "0"}, "--patience needs");
  fails({"--hidden", "many"}, "--hidden");
  for (const std::string number :
       {"1e2", " 5", "010", "0x10", "+2", "2.5", "-1", "99999999999999999999", ""}) {
    fails({"--batch", number},
          "--batch: a whole number from 0 to 4611686018427387904, digits only: got " + number);
    fails({"--threads", number}, "--threads: a whole number from 0 to 1024, digits only: got " + number);
    fails({"--log-every", number},
          "--log-every: a whole number from 1 to 1099511627776, digits only: got " + number);
  }
  fails({"--no-such-option"}, "--no-such-option");
  fails({"--epochs", "0"}, "--epochs is above 0: got 0");
  fails({"--validation", "0.0001"}, "is too short to measure");
  fails({"--softmax", "hierarchical"}, "--softmax is one of auto, full, adaptive: got hierarchical");
  fails({"--softmax", "adaptive", "--tie"}, "--tie");
  check_error(lm({"sample"}), "--model");
}
