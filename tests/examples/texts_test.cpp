// What people bring as a text: files and folders of all kinds, and what becomes of each.

#include <sluice/text/utf8.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "model.h"
#include "support/catch.h"
#include "terminal.h"

using examples::Arguments;
using examples::Ended;
using examples::everything_in;
using examples::Folder;
using examples::lm;
using examples::on_terminal;
using examples::read_file;
using examples::shell;
using examples::train;
using nlohmann::json;

namespace {

namespace fs = std::filesystem;

/// A text of this many lines, all of them ASCII.
std::string story(int lines) {
  std::string text;
  for (int i = 0; i < lines; ++i)
    text += "The old river found lantern " + std::to_string(i * i % 97) + " by the clock.\n";
  return text;
}

std::string utf16(const std::string& ascii) {
  std::string bytes;
  for (const char c : ascii) bytes += {c, '\0'};
  return bytes;
}

json info_of(const std::string& model) { return json::parse(lm({"info", "--model", model, "--json"}).out); }

}  // namespace

TEST_CASE("a folder's files that are no text are named with why, and the program's own are no text") {
  const Folder folder;
  fs::create_directories(folder.file("mixed/building"));
  fs::create_directories(folder.file("mixed/build"));
  const std::string mixed = folder.file("mixed");
  folder.file("mixed/a.txt", story(40));
  folder.file("mixed/b_latin1.txt", "r\xEDver\n" + story(5));
  folder.file("mixed/building/d.txt", story(40));
  folder.file("mixed/build/e.txt", story(40));
  folder.file("mixed/empty.txt", "");
  const std::string model = folder.file("mixed/model.ckpt");
  const std::string log = folder.file("mixed/log.jsonl");
  const Arguments command{"--text", mixed, "--out", model, "--log", log, "--epochs", "1"};
  const Ended ended = train(command);
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  CHECK_THAT(ended.out, contains("in 2 files"));
  CHECK_THAT(ended.out, contains("b_latin1.txt: not UTF-8: line 1, byte 1 (0xed)"));
  CHECK_THAT(ended.out, contains("mixed/build: a build folder"));
  CHECK_THAT(ended.out, contains("empty.txt: empty"));

  // Now there are a model, its best one, a log, an output and a sample: the text is the same, new files or not.
  const json text = info_of(model).at("text");
  CHECK(shell("$LM train --text " + mixed + " --out " + folder.file("again.ckpt") +
              " --epochs 1 --layers 1 --hidden 12 --batch 4 --length 10 >" +
              folder.file("mixed/output.txt")) == 0);
  CHECK(info_of(folder.file("again.ckpt")).at("text").at("checksum") == text.at("checksum"));
  folder.file("mixed/sample.txt", lm({"sample", "--model", model}).out);
  const Ended resumed = lm({"train", "--resume", model, "--epochs", "2"});
  INFO(resumed.err);
  CHECK(resumed.code == 0);
  CHECK(info_of(model).at("text") == text);

  // Bytes take all that has any.
  const std::string bytes = folder.file("bytes.ckpt");
  const Ended all = train({"--text", mixed, "--out", bytes, "--epochs", "1", "--tokens", "byte"});
  CHECK(all.out.find("b_latin1.txt: not UTF-8") == std::string::npos);
  CHECK_THAT(all.out, contains("model.ckpt: a model") && contains("log.jsonl: a log of lm"));
}

TEST_CASE("names of files that are no UTF-8 are read, and shown safely") {
  const Folder folder;
  const std::string text = folder.file("caf\xE9\x1B[31m.txt", story(40));
  const std::string model = folder.file("model.ckpt");
  const Ended ended = train({"--text", text, "--out", model, "--steps", "2"});
  INFO(ended.err);
  CHECK(ended.code == 0);
  CHECK(on_terminal({"train", "--text", text, "--out", model, "--steps", "2", "--layers", "1", "--hidden",
                     "12", "--batch", "4", "--length", "10"},
                    200)
            .out.find("\x1B[31m") == std::string::npos);
  CHECK(on_terminal({"\x1B[31mfrob"}, 80).out.find('\x1B') == std::string::npos);
  CHECK_THAT(lm({"train", "--resume", model, "--steps", "4"}).err, contains("--text"));
  CHECK(lm({"train", "--resume", model, "--steps", "4", "--text", text}).code == 0);
}

TEST_CASE("several files, patterns, standard input and compressed files make one text") {
  const Folder folder;
  const std::string a = folder.file("a.txt", story(30));
  const std::string b = folder.file("b.txt", story(20));
  const std::string model = folder.file("model.ckpt");
  const auto text_after = [&](const Arguments& text) {
    Arguments command{"--out", model, "--steps", "2", "--text"};
    command.insert(command.end(), text.begin(), text.end());
    const Ended ended = train(command);
    INFO(ended.err);
    REQUIRE(ended.code == 0);
    return info_of(model).at("text").at("checksum").get<std::string>();
  };
  const std::string both = text_after({a, b});
  CHECK(text_after({folder.file("*.txt")}) == both);
  REQUIRE(shell("gzip -k " + b) == 0);
  CHECK(text_after({a, b + ".gz"}) == both);
  REQUIRE(lm({"train", "--resume", model, "--steps", "3"}).code == 0);

  const std::string piped = folder.file("piped.ckpt");
  REQUIRE(shell("cat " + a + " | $LM train --text - --out " + piped +
                " --steps 2 --layers 1 --hidden 12 --batch 4 --length 10 >" + folder.file("out")) == 0);
  CHECK(info_of(piped).at("text").at("bytes") == story(30).size());
  CHECK_THAT(read_file(folder.file("out")), contains("--text -"));
  // A pipe with a name of its own is no file to come back to, either.
  const std::string fed = folder.file("fed.ckpt");
  REQUIRE(shell("$LM train --text <(cat " + a + ") --out " + fed +
                " --steps 2 --layers 1 --hidden 12 --batch 4 --length 10 >" + folder.file("out")) == 0);
  CHECK_THAT(lm({"train", "--resume", fed, "--steps", "4"}).err, contains("standard input"));
  CHECK_THAT(lm({"train", "--resume", piped, "--steps", "4"}).err,
             contains("standard input") && contains("--text"));
  CHECK(lm({"train", "--resume", piped, "--steps", "4", "--text", a}).code == 0);
}

TEST_CASE("UTF-16 is recognised with and without its mark, and said") {
  const Folder folder;
  const std::string model = folder.file("model.ckpt");
  const bool marked = GENERATE(true, false);
  const std::string file = folder.file("utf16.txt", (marked ? "\xFF\xFE" : "") + utf16(story(40)));
  const Ended ended = train({"--text", file, "--out", model, "--steps", "5"});
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  CHECK_THAT(ended.out, contains("UTF-16"));
  CHECK(info_of(model).at("text").at("bytes") == story(40).size());
}

TEST_CASE(
    "bytes that are no UTF-8 are learned, written as they are to files, and shown safely on a terminal") {
  const Folder folder;
  std::string latin;
  for (int i = 0; i < 300; ++i) latin += "\xE9t\xE9 \xE0 la mer\n";
  const std::string text = folder.file("latin1.txt", latin);
  const std::string model = folder.file("model.ckpt");
  REQUIRE(train({"--text", text, "--out", model, "--epochs", "40", "--tokens", "byte"}).code == 0);
  const Arguments sample{"sample", "--model", model, "--length", "200", "--temperature", "0.5"};
  const Ended ended = lm(sample);
  CHECK(ended.out.size() == 200);
  CHECK(ended.out.find('\xE9') != std::string::npos);
  CHECK(ended.out.find(sluice::text::replacement) == std::string::npos);
  const std::string shown = on_terminal(sample, 80).out;
  CHECK(shown.find('\xE9') == std::string::npos);
  CHECK(shown.find(sluice::text::replacement) != std::string::npos);
}

TEST_CASE("control characters reach files and not a terminal") {
  const Folder folder;
  std::string coloured;
  for (int i = 0; i < 200; ++i) coloured += "\x1B[31mred\x1B[0m and \x07 bell\n";
  const std::string text = folder.file("colours.txt", coloured);
  const std::string model = folder.file("model.ckpt");
  REQUIRE(train({"--text", text, "--out", model, "--epochs", "5"}).code == 0);
  const Arguments sample{"sample", "--model", model, "--length", "300"};
  CHECK(lm(sample).out.find('\x1B') != std::string::npos);
  const Ended shown = on_terminal(sample, 80);
  CHECK(shown.code == 0);
  CHECK(shown.out.find('\x1B') == std::string::npos);
  CHECK(shown.out.find("\xE2\x90\x9B") != std::string::npos);  // the picture of an escape
}

TEST_CASE("signs are words of their own, and words carry the blank before them") {
  const Folder folder;
  std::string words;
  for (int i = 0; i < 200; ++i)
    words +=
        "great\U0001F600 \u0645\u0631\u062d\u0628\u0627\u060c caf\u00e9 wow\U0001F600\U0001F600 (it's) "
        "'quoted'\n";
  const std::string text = folder.file("words.txt", words);
  const std::string model = folder.file("model.ckpt");
  REQUIRE(train({"--text", text, "--out", model, "--steps", "5", "--tokens", "word"}).code == 0);
  const std::string list = lm({"info", "--model", model, "--list-vocabulary"}).out;
  for (const std::string token : {"\"\U0001F600\"", "\" \u0645\u0631\u062d\u0628\u0627\"", "\"\u060c\"",
                                  "\" wow\"", "\"it's\"", "\" (\"", "\" '\"", "\"quoted\"", "\"'\""})
    CHECK_THAT(list, contains(token));
  CHECK(list.find("\" \"") == std::string::npos);  // no token is a blank
}

TEST_CASE("the first line of a sample is written as the later ones are") {
  // A table whose lines all look alike: what is learned of them holds for the first one, too.
  std::string table;
  for (int i = 0; i < 400; ++i)
    table += std::to_string(1000 + i * 7 % 90) + "," + std::to_string(i * i % 10) + "." +
             std::to_string(i % 10) + "," + (i * 3 % 5 < 2 ? "rain" : "sun") + "\n";
  const Folder folder;
  const std::string text = folder.file("table.csv", table);
  const std::string model = folder.file("model.ckpt");
  REQUIRE(lm({"train", "--text", text, "--out", model, "--epochs", "60", "--layers", "1", "--hidden", "32",
              "--batch", "8", "--length", "32", "--threads", "1"})
              .code == 0);
  int well_formed = 0;
  for (int seed = 0; seed < 30; ++seed) {
    const std::string line =
        lm({"sample", "--model", model, "--seed", std::to_string(seed), "--stop", "\\n"}).out;
    int year = 0, tenths = 0, digit = 0, read = 0;
    const bool rain = std::sscanf(line.c_str(), "%4d,%1d.%1d,rain\n%n", &year, &digit, &tenths, &read) == 3 &&
                      read == int(line.size());
    read = 0;
    const bool sun = std::sscanf(line.c_str(), "%4d,%1d.%1d,sun\n%n", &year, &digit, &tenths, &read) == 3 &&
                     read == int(line.size());
    well_formed += rain || sun;
  }
  CHECK(well_formed >= 28);
}
