// Trainings that go on otherwise than they began: new settings, another text, a model without its training.

#include <nlohmann/json.hpp>

#include <filesystem>

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

struct Begun {
  Folder folder;
  std::string text = folder.file("text", examples::sample_text());
  std::string model = folder.file("model.ckpt");

  explicit Begun(const Arguments& options = {}) {
    REQUIRE(train(joined({"--text", text, "--out", model, "--epochs", "2"}, options)).code == 0);
  }
  Ended go_on(const Arguments& options) const {
    return lm(joined({"train", "--resume", model, "--out", folder.file("more.ckpt")}, options));
  }
  json more() const { return json::parse(lm({"info", "--model", folder.file("more.ckpt"), "--json"}).out); }
  /// The learning rates of a log.
  std::vector<double> rates() const {
    std::vector<double> rates;
    std::istringstream lines(read_file(folder.file("log.jsonl")));
    for (std::string line; std::getline(lines, line);) rates.push_back(json::parse(line).at("learning_rate"));
    return rates;
  }
  Arguments log() const { return {"--log", folder.file("log.jsonl"), "--log-every", "1"}; }
};

}  // namespace

TEST_CASE("a new learning rate is taken at once, and its schedule runs over what is left") {
  const Begun begun;
  REQUIRE(begun.go_on(joined({"--lr", "0.004", "--epochs", "4"}, begun.log())).code == 0);
  const auto cosine = begun.rates();
  CHECK(cosine.front() == Approx(0.004));
  CHECK(cosine.back() == Approx(0.004 * 0.02).epsilon(0.1));
  for (std::size_t i = 1; i < cosine.size(); ++i) CHECK(cosine[i] < cosine[i - 1]);

  REQUIRE(
      begun.go_on(joined({"--lr", "0.004", "--schedule", "constant", "--epochs", "3"}, begun.log())).code ==
      0);
  for (const double rate : begun.rates()) CHECK(rate == Approx(0.004));

  REQUIRE(
      begun.go_on(joined({"--warmup", "10", "--schedule", "constant", "--epochs", "3"}, begun.log())).code ==
      0);
  const auto rising = begun.rates();
  CHECK(rising.front() == Approx(0.008 / 10));
  CHECK(rising[10] == Approx(0.008));
}

TEST_CASE("a schedule that began anew follows a new duration of any kind, and never exceeds its rate") {
  const std::string schedule = GENERATE("cosine", "exponential");
  const Begun begun({"--schedule", schedule});
  REQUIRE(begun.go_on({"--lr", "0.004", "--epochs", "4"}).code == 0);
  const std::string more = begun.folder.file("more.ckpt");
  const Arguments longer =
      GENERATE(Arguments{"--epochs", "8"}, Arguments{"--steps", "600"}, Arguments{"--minutes", "0.02"});
  REQUIRE(lm(joined(joined({"train", "--resume", more}, longer), begun.log())).code == 0);
  const auto rates = begun.rates();
  for (std::size_t i = 0; i < rates.size(); ++i) {
    CHECK(rates[i] <= 0.004);
    if (i > 0) CHECK(rates[i] <= rates[i - 1]);
  }
}

TEST_CASE("the step schedule counts epochs, whatever the size of a window") {
  const Begun begun({"--schedule", "step"});
  REQUIRE(begun.go_on(joined({"--batch", "2", "--epochs", "4"}, begun.log())).code == 0);
  const auto rates = begun.rates();
  CHECK(rates.front() == Approx(0.008 / 4));
  CHECK(rates.back() == Approx(0.008 / 8));
}

TEST_CASE("the learning rate of the step schedule falls by epochs counted from where it began") {
  const Begun begun;
  REQUIRE(begun.go_on(joined({"--schedule", "step", "--decay", "0.5", "--epochs", "4"}, begun.log())).code ==
          0);
  const auto rates = begun.rates();
  CHECK(rates.front() == Approx(0.008));
  CHECK(rates.back() == Approx(0.004));
}

TEST_CASE("dropout, clipping, patience and weight decay may be new") {
  const Begun begun;
  const Ended ended = begun.go_on(
      {"--dropout", "0.4", "--clip", "1", "--patience", "7", "--weight-decay", "0.001", "--epochs", "3"});
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  const json info = begun.more();
  CHECK(info.at("model").at("dropout") == 0.4);
  CHECK(info.at("train").at("clip") == 1);
  CHECK(info.at("train").at("patience") == 7);
  CHECK(info.at("train").at("weight-decay") == 0.001);
  CHECK(info.at("state").at("epoch") == 3);
}

TEST_CASE("plateau may take over from another schedule, and another one from plateau") {
  const Begun begun;
  REQUIRE(begun.go_on({"--schedule", "plateau", "--epochs", "4"}).code == 0);
  const std::string more = begun.folder.file("more.ckpt");
  const Ended back =
      lm(joined({"train", "--resume", more, "--schedule", "constant", "--epochs", "5"}, begun.log()));
  INFO(back.err);
  REQUIRE(back.code == 0);
  for (const double rate : begun.rates()) CHECK(rate == Approx(0.008));
}

TEST_CASE("another batch and length go on at the nearest window") {
  const Begun begun;
  const Ended ended = begun.go_on({"--batch", "2", "--length", "15", "--epochs", "3"});
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  CHECK_THAT(ended.out, contains("at the nearest window of the new size"));
  CHECK(begun.more().at("train").at("batch") == 2);
  CHECK(begun.more().at("train").at("length") == 15);
  CHECK(begun.more().at("state").at("epoch") == 3);

  // In the middle of an epoch.
  const std::string middle = begun.folder.file("middle.ckpt");
  REQUIRE(train({"--text", begun.text, "--out", middle, "--steps", "60"}).code == 0);
  const json before = json::parse(lm({"info", "--model", middle, "--json"}).out).at("state");
  REQUIRE(before.at("window") > 5);
  REQUIRE(lm({"train", "--resume", middle, "--batch", "1", "--steps", "61"}).code == 0);
  const json after = json::parse(lm({"info", "--model", middle, "--json"}).out).at("state");
  CHECK(after.at("epoch") == before.at("epoch"));
  CHECK(after.at("window").get<double>() == Approx(4 * before.at("window").get<double>()).margin(5));
}

TEST_CASE("what cannot change is refused with the reason") {
  const Begun begun;
  const auto refused = [&](const Arguments& arguments, const std::string& text) {
    const Ended ended = begun.go_on(arguments);
    CHECK(ended.code == 1);
    CHECK_THAT(ended.err, contains(text) && contains("leave --"));
    CHECK_FALSE(std::filesystem::exists(begun.folder.file("more.ckpt")));
  };
  refused({"--hidden", "13"},
          "--hidden 13 is not what this training began with (12) and cannot change, since it decides which");
  refused({"--cell", "gru"}, "it decides which parameters the model has");
  refused({"--tokens", "byte"}, "it decides what the model's numbers stand for");
  refused({"--optimizer", "sgd"}, "what the saved one remembers means nothing to another");
  refused({"--validation", "0.2"}, "text that was held out would be trained on");
  refused({"--seed", "2"}, "random numbers go on from where they were");
  refused({"--init-range", "0.1"}, "the first weights are long past");
  // What leaves the choice to the program is what it has chosen.
  CHECK(begun.go_on({"--embed", "0", "--softmax", "auto", "--lr", "0"}).code == 0);
}

TEST_CASE("a model goes on with another text, and says what it does not know of it") {
  const Begun begun;
  const std::string before = everything_in(begun.model);
  std::string other_text;
  for (int i = 0; i < 100; ++i) other_text += "every stone keeps the Ω of a river\n";
  const std::string other = begun.folder.file("other", other_text);

  // Not in place of the model.
  CHECK(lm({"train", "--resume", begun.model, "--text", other, "--out", begun.model}).code == 1);
  const Ended unsaid = lm({"train", "--resume", begun.model, "--text", other});
  CHECK(unsaid.code == 1);
  CHECK_THAT(unsaid.err,
             contains("is not the text that") && contains("say where the new model goes with --out"));

  const Ended ended = begun.go_on({"--text", other, "--epochs", "3", "--lr", "0.002"});
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  CHECK_THAT(ended.out, contains("on another text: the model does not know 90 of its"));
  CHECK(everything_in(begun.model) == before);
  const json info = begun.more();
  CHECK(info.at("state").at("epoch") == 3);
  CHECK(info.at("text").at("files").at(0) == other);
  const auto nats = [&](const std::string& model) {
    return json::parse(lm({"evaluate", "--model", model, "--text", other, "--json"}).out)
        .at("nats_per_token")
        .get<double>();
  };
  CHECK(nats(begun.folder.file("more.ckpt")) < nats(begun.model) - 0.3);
  // It goes on like any training, to the same bits.
  const std::string more = begun.folder.file("more.ckpt");
  const std::string copy = begun.folder.file("copy.ckpt");
  std::filesystem::copy_file(more, copy);
  REQUIRE(lm({"train", "--resume", more, "--epochs", "4"}).code == 0);
  REQUIRE(lm({"train", "--resume", copy, "--epochs", "4"}).code == 0);
  CHECK(everything_in(more) == everything_in(copy));
}

TEST_CASE("unknown characters do not look like a training that has run away, and are said if they are many") {
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string model = folder.file("model.ckpt");
  // Weights so large that what was never met costs more nats than any guess.
  REQUIRE(train({"--text", text, "--out", model, "--epochs", "30", "--lr", "0.05", "--optimizer", "rmsprop"})
              .code == 0);
  std::string foreign;
  for (int i = 0; i < 200; ++i) foreign += "ЖДШЮЯ ЩЪЫ\n";
  const std::string other = folder.file("other", foreign);
  const double nats =
      json::parse(lm({"evaluate", "--model", model, "--text", other, "--json"}).out).at("nats_per_token");
  REQUIRE(nats > 20);
  const Ended ended =
      lm({"train", "--resume", model, "--text", other, "--out", folder.file("more.ckpt"), "--epochs", "1"});
  INFO(ended.err);
  CHECK(ended.code == 0);
  CHECK_THAT(ended.out, contains("so many that figures will mean little"));
}

TEST_CASE("an exported model is small, samples and measures the same, and can be trained on") {
  const Begun begun;
  const std::string out = begun.folder.file("exported.ckpt");
  REQUIRE(lm({"export", "--model", begun.model, "--out", out}).code == 0);
  CHECK(std::filesystem::file_size(out) < std::filesystem::file_size(begun.model) / 2);
  CHECK(examples::sample_of(out) == examples::sample_of(begun.model));
  CHECK(read_file(out).find(begun.folder.file("")) == std::string::npos);  // where the text was
  const json info = json::parse(lm({"info", "--model", out, "--json"}).out);
  CHECK(info.at("exported") == true);
  CHECK_THAT(lm({"evaluate", "--model", out}).err, contains("say where the text is with --text"));
  const auto score = [&](const std::string& model) {
    json object = json::parse(lm({"evaluate", "--model", model, "--text", begun.text, "--json"}).out);
    return object.at("nats").get<double>();
  };
  CHECK(score(out) == score(begun.model));

  const Ended ended = lm({"train", "--resume", out, "--text", begun.text, "--out",
                          begun.folder.file("more.ckpt"), "--epochs", "1"});
  INFO(ended.err);
  CHECK(ended.code == 0);
  CHECK_THAT(ended.out, contains("the optimizer begins anew"));
  CHECK_THAT(lm({"export", "--model", begun.model, "--out", begun.model}).err,
             contains("is the model itself"));
}
