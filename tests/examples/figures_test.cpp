// What the figures of lm mean: one reading of a text, named units, the same number wherever it is shown.

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "model.h"
#include "support/catch.h"

using examples::Arguments;
using examples::Ended;
using examples::Folder;
using examples::joined;
using examples::lm;
using examples::read_file;
using examples::train;
using nlohmann::json;

namespace {

json evaluate(const std::string& model, const Arguments& options) {
  const Ended ended = lm(joined({"evaluate", "--model", model, "--json"}, options));
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  return json::parse(ended.out);
}

std::vector<json> lines_of(const std::string& text) {
  std::vector<json> lines;
  std::istringstream all(text);
  for (std::string line; std::getline(all, line);) lines.push_back(json::parse(line));
  return lines;
}

}  // namespace

TEST_CASE("a text is read once from its beginning, whatever the batch of the training was") {
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string model = folder.file("model.ckpt");
  REQUIRE(train({"--text", text, "--out", model, "--epochs", "10"}).code == 0);
  const std::string other = folder.file("other.ckpt");
  REQUIRE(lm({"train", "--resume", model, "--out", other, "--batch", "1", "--length", "7"}).code == 0);
  const std::string sentence =
      folder.file("sentence", "the fox sees a bird, and the old stone keeps every river.\n");
  for (const std::string& measured : {sentence, text}) {
    CHECK(evaluate(model, {"--text", measured}).at("nats") ==
          evaluate(other, {"--text", measured}).at("nats"));
    CHECK(evaluate(model, {"--text", measured, "--threads", "1"}).at("nats") ==
          evaluate(model, {"--text", measured, "--threads", "3"}).at("nats"));
  }
  // One sentence is predicted in its context: well, by a model that has learned such sentences.
  CHECK(evaluate(model, {"--text", sentence}).at("perplexity_per_token").get<double>() < 4);
}

TEST_CASE("each figure is named with its unit, and follows from the nats of the text") {
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string tokens = GENERATE("char", "byte", "word");
  const std::string model = folder.file("model.ckpt");
  REQUIRE(train({"--text", text, "--out", model, "--epochs", "1", "--tokens", tokens}).code == 0);
  const std::string measured = folder.file("measured", "the fox sees  naïve café\nthe fox\n");
  const json score = evaluate(model, {"--text", measured});
  const double nats = score.at("nats");
  // Without the first token, which nothing predicts: "t", or "the" as a word.
  const bool word = tokens == "word";
  CHECK(score.at("characters") == (word ? 33 - 3 : 33 - 1));
  CHECK(score.at("bytes") == (word ? 35 - 3 : 35 - 1));
  CHECK(score.at("words") == (word ? 6 : 7));
  CHECK(score.at("tokens") == (tokens == "char" ? 32 : tokens == "byte" ? 34 : 9));
  const auto per = [&](const char* unit) { return nats / score.at(unit).get<double>(); };
  CHECK(score.at("nats_per_token").get<double>() == Approx(per("tokens")));
  CHECK(score.at("nats_per_character").get<double>() == Approx(per("characters")));
  CHECK(score.at("bits_per_character").get<double>() == Approx(per("characters") / std::log(2)));
  CHECK(score.at("bits_per_byte").get<double>() == Approx(per("bytes") / std::log(2)));
  CHECK(score.at("perplexity_per_token").get<double>() == Approx(std::exp(per("tokens"))));
  CHECK(score.at("perplexity_per_word").get<double>() == Approx(std::exp(per("words"))));
  const std::string plain = lm({"evaluate", "--model", model, "--text", measured}).out;
  CHECK_THAT(plain, contains("nats a character") && contains("bits a byte") && contains("a word") &&
                        contains("words"));
}

TEST_CASE("scores of tokens and of lines are JSON lines and add up to the score of the text") {
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string model = folder.file("model.ckpt");
  REQUIRE(train({"--text", text, "--out", model, "--epochs", "2"}).code == 0);
  const std::string measured = folder.file("measured", "the fox sees\na \"bird\"\nthe naïve café");
  const double nats = evaluate(model, {"--text", measured}).at("nats");

  const auto tokens = lines_of(lm({"evaluate", "--model", model, "--text", measured, "--per-token"}).out);
  CHECK(tokens.size() == 13 + 9 + 14 - 1);
  std::string spelled = "t";
  double sum = 0;
  for (const json& token : tokens) {
    sum += token.at("nats").get<double>();
    spelled += token.at("token").get<std::string>() == "<unk>" ? "\"" : token.at("token").get<std::string>();
  }
  CHECK(sum == Approx(nats));
  CHECK(spelled == "the fox sees\na \"bird\"\nthe naïve café");

  const auto lines = lines_of(lm({"evaluate", "--model", model, "--text", measured, "--per-line"}).out);
  REQUIRE(lines.size() == 3);
  sum = 0;
  for (const json& line : lines) sum += line.at("nats").get<double>();
  CHECK(sum == Approx(nats));
  CHECK(lines[0].at("line") == 1);
  CHECK(lines[0].at("tokens") == 12);  // all but the first, and the line end
  CHECK(lines[2].at("bytes") == 16);
  CHECK(lm({"evaluate", "--model", model, "--per-line", "--json"}).code == 1);
}

TEST_CASE("without --text the text of the training is measured, or an error says what became of it") {
  const Folder folder;
  const std::string text = folder.file("text", examples::sample_text());
  const std::string model = folder.file("model.ckpt");
  const std::string log = folder.file("log.jsonl");
  REQUIRE(train({"--text", text, "--out", model, "--epochs", "1", "--log", log}).code == 0);
  const json score = evaluate(model, {"--part", "validation"});
  CHECK(score.at("nats_per_token") == lines_of(read_file(log)).back().at("validation_nats"));
  CHECK(score == [&] {
    json with = evaluate(model, {"--part", "validation", "--text", text});
    with["seconds"] = score.at("seconds");
    with["tokens_per_second"] = score.at("tokens_per_second");
    return with;
  }());

  const std::string other = folder.file("other", examples::sample_text() + "another end\n");
  const Ended noted = lm({"evaluate", "--model", model, "--text", other, "--part", "validation"});
  CHECK(noted.code == 0);
  CHECK_THAT(noted.err, contains("note") && contains("is not the text of the training"));

  folder.file("text", examples::sample_text() + ".");
  CHECK_THAT(lm({"evaluate", "--model", model}).err,
             contains("has changed since the training") && contains("--text"));
  std::filesystem::remove(text);
  const Ended gone = lm({"evaluate", "--model", model});
  CHECK(gone.code == 1);
  CHECK_THAT(gone.err, contains("is not there any more; say where it is with --text"));
  CHECK_THAT(lm({"train", "--resume", model, "--epochs", "2"}).err, contains("--text"));
}
