// The best model by validation: kept beside the last one, never lost, and a place to go on from.

#include <fmt/format.h>
#include <sluice/io/checkpoint.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>

#include "model.h"
#include "support/catch.h"

using examples::Arguments;
using examples::Ended;
using examples::everything_in;
using examples::Folder;
using examples::joined;
using examples::lm;
using examples::read_file;
using examples::train;
using nlohmann::json;

namespace {

/// Lines of six words by chance: nothing to learn but the words, so a model soon learns them by heart.
std::string random_lines() {
  const std::vector<std::string> words{"amber", "birch", "cedar", "dune", "elm",
                                       "fern",  "gorse", "hazel", "iris", "jute"};
  std::mt19937 random(3);
  std::string text;
  for (int line = 0; line < 60; ++line)
    for (int i = 0; i < 6; ++i) text += words[random() % words.size()] + (i < 5 ? " " : "\n");
  return text;
}

/// A training that learns by heart.
Arguments overfitting(const std::string& text, const std::string& model, const Arguments& end) {
  return joined({"train", "--text", text, "--out", model, "--hidden", "48", "--layers", "1", "--lr", "0.03",
                 "--batch", "8", "--length", "16", "--schedule", "constant", "--threads", "1"},
                end);
}
const Arguments early{"--epochs", "300", "--patience", "3"};

double validation_of(const std::string& model) {
  return json::parse(lm({"evaluate", "--model", model, "--part", "validation", "--json"}).out)
      .at("nats_per_token");
}

json info_of(const std::string& model) { return json::parse(lm({"info", "--model", model, "--json"}).out); }

}  // namespace

TEST_CASE("patience ends a training, the best model is kept, and going on works as the program says") {
  const Folder folder;
  const std::string text = folder.file("text", random_lines());
  const std::string model = folder.file("model.ckpt");
  const std::string best = model + ".best";
  const Ended ended = lm(overfitting(text, model, early));
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  CHECK_THAT(ended.out, contains("No better validation loss for 3 epochs") && contains(best) &&
                            contains("--patience 6"));
  CHECK(validation_of(best) == info_of(model).at("best_validation_nats").get<double>());
  CHECK(validation_of(model) > validation_of(best));

  // Nothing new said: nothing is done, and the words say what to say.
  const Ended nothing = lm({"train", "--resume", model});
  CHECK(nothing.code == 0);
  CHECK_THAT(nothing.out, contains("say a larger --patience, or --epochs"));
  const std::int64_t epoch = info_of(model).at("state").at("epoch");
  REQUIRE(lm({"train", "--resume", model, "--patience", "2"}).code == 0);
  CHECK(info_of(model).at("state").at("epoch") == epoch + 2);
  REQUIRE(lm({"train", "--resume", model, "--epochs", "400"}).code == 0);
  CHECK(info_of(model).at("state").at("epoch") == epoch + 4);
}

TEST_CASE("a training that goes on from its best model does not replace it by worse ones") {
  const Folder folder;
  const std::string text = folder.file("text", random_lines());
  const std::string model = folder.file("model.ckpt");
  const std::string best = model + ".best";
  REQUIRE(lm(overfitting(text, model, early)).code == 0);
  const std::string kept = everything_in(best);

  const Ended again = lm({"train", "--resume", best});
  INFO(again.out << again.err);
  REQUIRE(again.code == 0);
  CHECK(again.out.find(".best.best") == std::string::npos);
  CHECK_FALSE(std::filesystem::exists(best + ".best"));
  CHECK(everything_in(best) == kept);  // the same steps lead to the same worse models
  CHECK_THAT(again.out, contains("is in " + best));

  // Elsewhere, the best one is there from the beginning.
  const std::string other = folder.file("other.ckpt");
  REQUIRE(lm({"train", "--resume", best, "--out", other, "--steps", "1"}).code == 0);
  CHECK(everything_in(other + ".best") == kept);
}

TEST_CASE("without patience the best model is kept too, and a training of a few steps has one") {
  const Folder folder;
  const std::string text = folder.file("text", random_lines());
  const std::string model = folder.file("model.ckpt");
  REQUIRE(lm(overfitting(text, model, {"--epochs", "25"})).code == 0);
  CHECK(validation_of(model + ".best") == info_of(model).at("best_validation_nats").get<double>());
  CHECK(validation_of(model) > validation_of(model + ".best"));

  const std::string brief = folder.file("brief.ckpt");
  REQUIRE(train({"--text", text, "--out", brief, "--steps", "3"}).code == 0);
  CHECK(validation_of(brief + ".best") == validation_of(brief));
  const std::string blind = folder.file("blind.ckpt");
  REQUIRE(train({"--text", text, "--out", blind, "--steps", "3", "--validation", "0"}).code == 0);
  CHECK_FALSE(std::filesystem::exists(blind + ".best"));
}

TEST_CASE("a complete training is not replaced by its best model, and goes on without one that is lost") {
  const Folder folder;
  const std::string text = folder.file("text", random_lines());
  const std::string model = folder.file("model.ckpt");
  REQUIRE(lm(overfitting(text, model, {"--epochs", "12"})).code == 0);
  const std::string last = everything_in(model);
  // The budget of the best one alone is spent: that of its epoch.
  const std::int64_t epoch = info_of(model + ".best").at("state").at("epoch");
  REQUIRE(epoch < 12);
  const Ended complete = lm({"train", "--resume", model + ".best", "--epochs", std::to_string(epoch)});
  CHECK_THAT(complete.out, contains("This training is complete"));
  CHECK(everything_in(model) == last);
  const std::string log =
      folder.file("log.jsonl", "{\"step\":900,\"epoch\":9,\"seconds\":1,\"train_nats\":1}\n");
  REQUIRE(lm({"train", "--resume", model + ".best", "--epochs", std::to_string(epoch), "--log", log}).code ==
          0);
  CHECK_THAT(read_file(log), contains("900"));  // nothing was done, and nothing cut

  std::filesystem::remove(model + ".best");
  const Ended on = lm({"train", "--resume", model, "--epochs", "13"});
  INFO(on.out << on.err);
  REQUIRE(on.code == 0);
  CHECK_THAT(on.err, contains("model.ckpt.best is not there any more: the best model from now on is kept"));
  CHECK(validation_of(model + ".best") == info_of(model).at("best_validation_nats").get<double>());
}

TEST_CASE("a best model is not replaced by a worse one of an older copy of its training") {
  const Folder folder;
  const std::string text = folder.file("text", random_lines());
  const std::string model = folder.file("model.ckpt");
  REQUIRE(lm(overfitting(text, model, {"--epochs", "1"})).code == 0);
  const std::string copy = read_file(model);
  REQUIRE(lm({"train", "--resume", model, "--epochs", "4"}).code == 0);
  const std::string best = everything_in(model + ".best");
  const double nats = validation_of(model + ".best");

  folder.file("model.ckpt", copy);
  const Ended worse = lm({"train", "--resume", model, "--epochs", "2", "--lr", "0.0001"});
  REQUIRE(worse.code == 0);
  CHECK(everything_in(model + ".best") == best);
  CHECK_THAT(worse.out, contains("the best, " + fmt::format("{:.4f}", nats)));
}

TEST_CASE("names of best models are not taken for others") {
  const Folder folder;
  const std::string text = folder.file("text", random_lines());
  const std::string model = folder.file("model.ckpt");
  REQUIRE(lm(overfitting(text, model, {"--epochs", "1"})).code == 0);
  const std::string best = everything_in(model + ".best");
  CHECK_THAT(train({"--text", text, "--out", folder.file("my.best")}).err,
             contains("names that end in .best"));
  CHECK_THAT(lm({"train", "--resume", model, "--out", model + ".best", "--epochs", "2"}).err,
             contains("names that end in .best"));
  CHECK_THAT(lm({"export", "--model", model, "--out", model + ".best"}).err,
             contains("names that end in .best"));
  CHECK(everything_in(model + ".best") == best);
}

TEST_CASE("a file called OUT.best that is none of lm's is not replaced") {
  const Folder folder;
  const std::string text = folder.file("text", random_lines());
  const std::string model = folder.file("model.ckpt");
  const std::string mine = folder.file("model.ckpt.best", "my notes\n");
  const Ended ended = train({"--text", text, "--out", model, "--steps", "3"});
  CHECK(ended.code == 1);
  CHECK_THAT(ended.err, contains("model.ckpt.best: is there and is no checkpoint"));
  CHECK(read_file(mine) == "my notes\n");
  CHECK_FALSE(std::filesystem::exists(model));

  sluice::io::Checkpoint foreign;
  foreign.texts["program"] = "mine";
  sluice::io::save(mine, foreign);
  CHECK_THAT(train({"--text", text, "--out", model, "--steps", "3"}).err,
             contains("a checkpoint of another program"));
  CHECK(sluice::io::load(mine).text("program") == "mine");
}
