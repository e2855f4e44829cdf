#include <sluice/text/utf8.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "model.h"
#include "support/catch.h"
#include "terminal.h"

using examples::Arguments;
using examples::Ended;
using examples::Folder;
using examples::joined;
using examples::lm;
using examples::shell;
using examples::train;
using nlohmann::json;

namespace {

std::size_t characters_in(const std::string& text) { return sluice::text::decode_utf8(text).size(); }

/// The validation loss of the last line of a log.
double last_validation(const std::string& log) {
  const std::string lines = examples::read_file(log);
  const std::size_t begin = lines.rfind('\n', lines.size() - 2);
  return json::parse(lines.substr(begin == std::string::npos ? 0 : begin + 1)).at("validation_nats");
}

}  // namespace

TEST_CASE("a model of each cell and each kind of token learns") {
  const std::string cell = GENERATE("rnn", "lstm", "gru", "four_gate");
  const std::string tokens = cell == "lstm" ? GENERATE("char", "byte", "word") : "char";
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string log = folder.file("log.jsonl");
  const Arguments command{
      "--text", text,    "--out", folder.file("model"), "--steps", "120",  "--cell", cell, "--tokens",
      tokens,   "--log", log,     "--init-range",       "0.2",     "--lr", "0.02"};
  const Ended ended = train(command);
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  const json first = json::parse(examples::read_file(log).substr(0, examples::read_file(log).find('\n')));
  CHECK(last_validation(log) < first.at("train_nats").get<double>() - 0.5);
}

TEST_CASE(
    "evaluate gives the loss the training measured, and each part predicts all its characters but the "
    "first") {
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string model = folder.file("model");
  const std::string log = folder.file("log.jsonl");
  REQUIRE(train({"--text", text, "--out", model, "--steps", "50", "--log", log}).code == 0);
  const auto evaluate = [&](const std::string& part) {
    return json::parse(lm({"evaluate", "--model", model, "--json", "--part", part}).out);
  };
  const json score = evaluate("validation");
  CHECK(score.at("nats_per_token") == last_validation(log));
  CHECK(score.at("tokens_per_second").get<double>() > 0);
  CHECK(score.at("unknown") == 0);
  const std::size_t all = characters_in(examples::sample_text());
  CHECK(evaluate("all").at("tokens") == all - 1);
  CHECK(score.at("tokens").get<std::size_t>() + evaluate("training").at("tokens").get<std::size_t>() ==
        all - 2);
}

TEST_CASE("characters the model does not know count as unknown ones and are never written") {
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string model = folder.file("model");
  REQUIRE(train({"--text", text, "--out", model, "--steps", "1"}).code ==
          0);  // knows nothing: every token is as likely
  const std::string other = folder.file("other", "the fox sees Ω and Ω");
  CHECK(json::parse(lm({"evaluate", "--model", model, "--text", other, "--json"}).out).at("unknown") == 2);

  const Ended ended = lm({"sample", "--model", model, "--prime", "ΩX the ", "--length", "2000"});
  CHECK(ended.code == 0);
  CHECK_THAT(ended.err, contains("does not know 2 of the tokens of the prime"));
  CHECK(ended.out.starts_with("ΩX the "));
  CHECK(characters_in(ended.out) == 7 + 2000 + 1);  // what was given, what was written, the end of the line
  CHECK(ended.out.find(sluice::text::replacement) == std::string::npos);
  CHECK(ended.out.find("<unk>") == std::string::npos);
  CHECK(ended.out.find("ï") != std::string::npos);
}

TEST_CASE("samples depend on model, prime, options and seed, and on nothing else") {
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string model = folder.file("model");
  REQUIRE(train({"--text", text, "--out", model, "--steps", "100"}).code == 0);
  const auto sample = [&](const Arguments& options) {
    const Ended ended = lm(joined({"sample", "--model", model, "--length", "200"}, options));
    INFO(ended.err);
    CHECK(ended.code == 0);
    return ended.out;
  };
  const std::string first = sample({});
  CHECK(sample({}) == first);
  CHECK(sample({"--stream", "--threads", "1"}) == first);
  CHECK(sample({"--seed", "2"}) != first);
  CHECK(sample({"--temperature", "0.5"}) != first);
  CHECK(sample({"--temperature", "0"}) == sample({"--top-k", "1", "--seed", "5"}));
  CHECK(sample({"--top-p", "0.1"}) != first);
  CHECK(sample({"--min-p", "1"}) == sample({"--temperature", "0"}));
  CHECK(sample({"--min-p", "0"}) == first);
  CHECK(sample({"--repetition-penalty", "3"}) != first);
  CHECK(sample({"--prime", "the fox "}).starts_with("the fox "));
  for (const Arguments& wrong : {Arguments{"--temperature", "-1"},
                                 {"--top-p", "0"},
                                 {"--min-p", "2"},
                                 {"--repetition-penalty", "0"},
                                 {"--stop", ""},
                                 {"--prime", "not UTF-8: \xFF"},
                                 {"--prime", "no such escape: \\q"},
                                 {"--prime-file", folder.file("missing")}}) {
    const Ended ended = lm(joined({"sample", "--model", model}, wrong));
    CHECK(ended.code == 1);
    CHECK(ended.out.empty());
    CHECK(ended.err.starts_with("lm: "));
  }
}

TEST_CASE("samples end at a stop string, come in numbers, and go on from escapes, files and standard input") {
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string model = folder.file("model");
  REQUIRE(train({"--text", text, "--out", model, "--steps", "100"}).code == 0);
  const auto sample = [&](const Arguments& options) {
    const Ended ended = lm(joined({"sample", "--model", model, "--length", "200"}, options));
    INFO(ended.err);
    REQUIRE(ended.code == 0);
    return ended.out;
  };
  const std::string whole = sample({});
  const std::string stop = "ri";
  REQUIRE(whole.find(stop) != std::string::npos);
  CHECK(sample({"--stop", stop}) == whole.substr(0, whole.find(stop)) + "\n");
  CHECK(sample({"--stop", "never", "--stop", "\\n"}) == whole.substr(0, whole.find('\n')) + "\n");
  CHECK(sample({"--stop", stop, "--stream"}) == sample({"--stop", stop}));

  CHECK(sample({"--samples", "2", "--seed", "4"}) ==
        "---- seed 4\n" + sample({"--seed", "4"}) + "---- seed 5\n" + sample({"--seed", "5"}));

  const std::string primed = sample({"--prime", "the fox\\na bird "});
  CHECK(primed.starts_with("the fox\na bird "));
  const std::string prime = folder.file("prime", "the fox\na bird ");
  CHECK(sample({"--prime-file", prime}) == primed);
  REQUIRE(shell("$LM sample --model " + model + " --length 200 --prime-file - <" + prime + " >" +
                folder.file("out")) == 0);
  CHECK(examples::read_file(folder.file("out")) == primed);
  CHECK(lm({"sample", "--model", model, "--prime", "a", "--prime-file", prime}).code == 1);
}

TEST_CASE("info tells what a checkpoint holds, for people and for programs") {
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string model = folder.file("model");
  REQUIRE(train({"--text", text, "--out", model, "--steps", "3", "--cell", "gru", "--tie"}).code == 0);
  const json info = json::parse(lm({"info", "--model", model, "--json"}).out);
  CHECK(info.at("model").at("cell") == "gru");
  CHECK(info.at("model").at("embed") == 12);
  CHECK(info.at("train").at("batch") == 4);
  CHECK(info.at("state").at("step") == 3);
  const std::int64_t n = 12;
  const std::int64_t vocabulary = info.at("vocabulary_size");
  // A GRU layer has three weights for the input, three for the state and four biases; weights are tied.
  const json parameters = info.at("parameters");
  CHECK(parameters.at("all") == vocabulary * n + vocabulary + 2 * (6 * n * n + 4 * n));
  CHECK(parameters.at("embed") == vocabulary * n);
  CHECK(parameters.at("head") == vocabulary);
  CHECK_THAT(info.at("standing").get<std::string>(), contains("step 3") && contains("validation"));
  CHECK_THAT(lm({"info", "--model", model}).out, contains("parameters") && contains("\"gru\""));
  const std::string list = lm({"info", "--model", model, "--list-vocabulary"}).out;
  CHECK_THAT(list, contains("0  \"<unk>\"") && contains("\"\\n\"") && contains("\"ï\""));
}

TEST_CASE("help says what there is and is no error, and whoever says no command learns their names") {
  const Ended ended = lm({"train", "--help"});
  CHECK(ended.code == 0);
  CHECK_THAT(ended.out, contains("--resume") && contains("--sample-every"));
  const auto names = contains("train, sample, evaluate, info, export, plot");
  for (const Arguments& wrong : {Arguments{}, {"frob"}, {"Train"}}) {
    const Ended unknown = lm(wrong);
    CHECK(unknown.code == 1);
    CHECK_THAT(unknown.err, names);
  }
  CHECK_THAT(lm({"frob"}).err, contains("there is no command frob"));
  const Ended version = lm({"--version"});
  CHECK(version.code == 0);
  CHECK_THAT(version.out, contains("0.1.0") && names);
}
