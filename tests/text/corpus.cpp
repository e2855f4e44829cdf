#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include <sluice/graph/error.h>
#include <sluice/text/corpus.h>
#include <sluice/text/utf8.h>

#include "support/catch.h"

namespace fs = std::filesystem;
using sluice::text::load_corpus;
using sluice::text::split;

namespace {

/// A folder of its own for one test, removed behind it.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("sluice_corpus_" + std::to_string(::getpid()))) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  fs::path write(const std::string& name, const std::string& bytes) const {
    fs::path file = path_ / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << bytes;
    return file;
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

TEST_CASE("A file is read byte for byte") {
  const Folder folder;
  std::string bytes = "a\r\n\xFF";
  bytes += '\0';
  bytes += std::string(200'000, 'x');
  const auto corpus = load_corpus(folder.write("data.bin", bytes));
  CHECK((corpus.text == bytes));
  CHECK(corpus.files.size() == 1);
  CHECK(corpus.skipped == 0);
}

TEST_CASE("A folder is its text files in the order of their paths, joined with newlines") {
  const Folder folder;
  folder.write("b.txt", "two\n");
  folder.write("a.txt", "one");
  folder.write("a/z/deep.txt", "zero");
  folder.write("c.txt", "\u20AC");
  const auto corpus = load_corpus(folder.path());
  CHECK(corpus.text == "one\nzero\ntwo\n\n\u20AC");
  CHECK(corpus.files.size() == 4);
}

TEST_CASE("A folder leaves out what is binary, empty, hidden, built or linked") {
  const Folder folder;
  folder.write("keep.txt", "keep");
  folder.write("builder.txt", "file");  // only folders named build* are left out
  folder.write("empty.txt", "");
  folder.write("zero.bin", std::string("a\0b", 3));
  folder.write("latin1.txt", "caf\xE9");
  folder.write(".hidden", "no");
  folder.write(".git/config", "no");
  folder.write("build/x.txt", "no");
  folder.write("build-debug/x.txt", "no");
  folder.write("sub/build/x.txt", "no");
  fs::create_symlink(folder.path() / "keep.txt", folder.path() / "link.txt");
  fs::create_directory_symlink(folder.path(), folder.path() / "loop");
  const auto corpus = load_corpus(folder.path());
  CHECK(corpus.text == "file\nkeep");
  CHECK(corpus.skipped == 3);
}

TEST_CASE("A folder that is itself called build or hidden is read when asked for") {
  const Folder folder;
  folder.write("build/x.txt", "x");
  folder.write(".notes/y.txt", "y");
  CHECK(load_corpus(folder.path() / "build").text == "x");
  CHECK(load_corpus(folder.path() / ".notes").text == "y");
}

TEST_CASE("Extensions choose files, with or without their dot") {
  const Folder folder;
  folder.write("a.h", "header");
  folder.write("b.cpp", "source");
  folder.write("c.md", "docs");
  folder.write("h", "no extension");
  folder.write("d.txt.bin", std::string(1, '\0'));
  const auto corpus = load_corpus(folder.path(), {"h", ".cpp"});
  CHECK(corpus.text == "header\nsource");
  CHECK(corpus.skipped == 0);
}

TEST_CASE("What cannot be read is named in one line") {
  const Folder folder;
  const std::string at = "[corpus] " + folder.path().string();
  CHECK_THROWS_WITH(load_corpus(folder.path() / "none"),
                    contains(at + "/none: there is no such file or folder"));
  CHECK_THROWS_WITH(load_corpus(folder.write("void", "")),
                    contains(at + "/void: the file is empty; give a file with text"));
  CHECK_THROWS_WITH(
      load_corpus(folder.path()),
      contains(at +
               ": the folder has no text files (1 binary or empty ones were skipped); give a folder or file "
               "with UTF-8 text"));
  CHECK_THROWS_WITH(
      load_corpus(folder.path(), {"txt"}),
      contains(at +
               ": the folder has no text files with these extensions (0 binary or empty ones were skipped); "
               "give a folder or file with UTF-8 text"));
  CHECK_THROWS_WITH(load_corpus("/dev/null"),
                    contains("[corpus] /dev/null: must be a file or a folder and is neither"));
  fs::create_symlink("circle", folder.path() / "circle");
  CHECK_THROWS_WITH(load_corpus(folder.path() / "circle"), contains("/circle: cannot be read ("));
}

TEST_CASE("A path with a zero byte is refused, not cut") {
  CHECK_THROWS_WITH(
      load_corpus(std::string("/etc/passwd\0.txt", 16)),
      contains(
          "[corpus] /etc/passwd\\0.txt: a path cannot hold a zero byte; was a buffer taken for a string?"));
}

TEST_CASE("Files and folders without permission are errors") {
  if (::geteuid() == 0) {
    WARN("the superuser may read everything: not tested");
    return;
  }
  const Folder folder;
  const fs::path file = folder.write("secret.txt", "x");
  fs::permissions(file, fs::perms::none);
  CHECK_THROWS_WITH(load_corpus(file),
                    contains("[corpus] " + file.string() + ": cannot be opened (Permission denied)"));
  CHECK_THROWS_WITH(load_corpus(folder.path()), contains("secret.txt: cannot be opened (Permission denied)"));
  fs::permissions(file, fs::perms::owner_all);
  const fs::path below = folder.path() / "closed";
  fs::create_directory(below);
  fs::permissions(below, fs::perms::none);
  CHECK_THROWS_WITH(load_corpus(folder.path()),
                    contains("closed: the folder cannot be read (Permission denied)"));
  fs::permissions(below, fs::perms::owner_all);
}

TEST_CASE("A file that fails while it is read is an error") {
  if (!fs::exists("/proc/self/mem")) {
    WARN("no /proc here: not tested");
    return;
  }
  CHECK_THROWS_WITH(load_corpus("/proc/self/mem"),
                    contains("[corpus] /proc/self/mem: cannot be read (Input/output error)"));
}

TEST_CASE("The last part of a text is held out") {
  const std::string text = "0123456789abcdefghij";
  const auto parts = split(text, 0.1);
  CHECK(parts.training == "0123456789abcdefgh");
  CHECK(parts.validation == "ij");
  CHECK(split(text, 0).training == text);
  CHECK(split(text, 0).validation.empty());
  CHECK(split(text, 0.95).training == "0");
}

TEST_CASE("A text is split between two characters") {
  std::mt19937 random(9);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (int i = 0; i < 20; ++i) {
      const char32_t some[] = {U'a', 0xE9, 0x20AC, 0x1F600};
      text += sluice::text::encode_utf8(some[random() % 4]);
    }
    const double fraction = 0.1 + 0.001 * static_cast<double>(random() % 800);
    const auto parts = split(text, fraction);
    REQUIRE(std::string(parts.training) + std::string(parts.validation) == text);
    REQUIRE(sluice::text::valid_prefix(parts.training) == parts.training.size());
    REQUIRE(sluice::text::valid_prefix(parts.validation) == parts.validation.size());
    const double held_out = static_cast<double>(parts.validation.size());
    REQUIRE(held_out > fraction * static_cast<double>(text.size()) - 1);
    REQUIRE(held_out < fraction * static_cast<double>(text.size()) + 4);
  }
}

TEST_CASE("Data that is not UTF-8 is split where the fraction says, give or take a character") {
  const std::string data(1000, '\x80');
  CHECK(split(data, 0.5).training.size() == 497);
}

TEST_CASE("Impossible splits are errors") {
  CHECK_THROWS_WITH(split("abc", 1),
                    contains("[split] the part held out must be at least 0 and below 1: got 1; use 0.1 for "
                             "the last tenth"));
  CHECK_THROWS_WITH(split("abc", -0.5), contains("got -0.5"));
  CHECK_THROWS_WITH(split("abc", std::stod("nan")), contains("got nan"));
  CHECK_THROWS_WITH(
      split("abc", 0.1),
      contains("[split] each part needs text: got 0.1 of 3 bytes to hold out, which leaves 3 and 0; use "
               "a longer text or another fraction"));
  CHECK_THROWS_WITH(split("\u20AC", 0.5), contains("leaves 0 and 3"));
  CHECK_THROWS_WITH(split("", 0), contains("got 0 of 0 bytes to hold out, which leaves 0 and 0"));
}
