#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <sluice/graph/error.h>
#include <sluice/text/corpus.h>

#include "support/catch.h"
#include "text/inputs.h"

namespace fs = std::filesystem;
using namespace std::string_literals;
using inputs::Folder;
using inputs::gzipped;
using inputs::replaced;
using inputs::story;
using inputs::utf16;
using sluice::text::Corpus;
using sluice::text::load_corpus;

namespace {

/// What was left out, as "name: why; name: why" with names within the folder.
std::string left_out(const Corpus& corpus, const Folder& folder) {
  std::string out;
  for (const auto& one : corpus.left_out) {
    out += (out.empty() ? "" : "; ") + one.path.lexically_relative(folder.path()).string() + ": " + one.why;
  }
  return out;
}

std::string notes(const Corpus& corpus) {
  std::string out;
  for (const auto& file : corpus.files) {
    out += (out.empty() ? "" : "; ") + file.path.filename().string() + ": " + file.note;
  }
  return out;
}

/// Standard input is something else meanwhile.
class StandardInput {
 public:
  explicit StandardInput(int instead) : before_(::dup(STDIN_FILENO)) { ::dup2(instead, STDIN_FILENO); }
  ~StandardInput() {
    ::dup2(before_, STDIN_FILENO);
    ::close(before_);
  }
  StandardInput(const StandardInput&) = delete;
  StandardInput& operator=(const StandardInput&) = delete;

 private:
  int before_;
};

/// What `load_corpus` makes of "-" with this behind it, given by a pipe.
Corpus load_from_pipe(const std::string& bytes, const std::vector<std::string>& sources = {"-"}) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  std::thread writer([&, to = ends[1]] {
    for (std::size_t at = 0; at < bytes.size();) {
      const ssize_t count = ::write(to, bytes.data() + at, bytes.size() - at);
      if (count <= 0) break;
      at += static_cast<std::size_t>(count);
    }
    ::close(to);
  });
  const StandardInput instead(ends[0]);
  ::close(ends[0]);
  Corpus corpus;
  std::string error;
  try {
    corpus = load_corpus(sources);
  } catch (const sluice::Error& caught) {
    error = caught.what();
  }
  writer.join();
  if (!error.empty()) throw sluice::Error(error);
  return corpus;
}

}  // namespace

TEST_CASE("A file that is a source is read as text, or byte for byte if any bytes are wanted") {
  const Folder folder;
  const std::string text = "a\r\n\u20AC" + std::string(200'000, 'x');
  const auto corpus = load_corpus(folder.write("data.txt", text));
  CHECK((corpus.text == text));
  REQUIRE(corpus.files.size() == 1);
  CHECK(corpus.files[0].path == folder.path() / "data.txt");
  CHECK(corpus.files[0].bytes == text.size());
  CHECK(corpus.files[0].note.empty());
  CHECK(corpus.left_out.empty());
  const std::string bytes = "\xEF\xBB\xBF\xFF\0"s + utf16(text, true, true);
  CHECK((load_corpus(folder.write("data.bin", bytes), {.any_bytes = true}).text == bytes));
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
  CHECK(corpus.left_out.empty());
}

TEST_CASE("A folder of many kinds gives what it can, and names the rest") {
  const Folder folder;
  const std::string a = story(12), d = story(9, 2), e = story(11, 3);
  folder.write("a.txt", a);
  folder.write("b_latin1.txt", replaced(story(12), "river", "r\xEDver"));
  folder.write("c_onebad.txt", "one line\nit\x92s\n");
  folder.write("building/d.txt", d);
  folder.write("e.txt.gz", gzipped(e));
  folder.write("f_utf16.txt", utf16("fff", true, false));
  folder.write("g_mark.txt", "\xEF\xBB\xBFggg");
  folder.write("h_nul.txt", "The\0old"s);
  folder.write("i_cut.gz", gzipped(e).substr(0, 30));
  const auto corpus = load_corpus(folder.path());
  CHECK(corpus.text == a + "\n" + d + "\n" + e + "\nfff\nggg");
  CHECK(notes(corpus) ==
        "a.txt: ; d.txt: ; e.txt.gz: gzip; f_utf16.txt: UTF-16, little end first, without a mark; "
        "g_mark.txt: UTF-8 with a mark");
  const std::size_t bad = story(12).find("river") + 1;
  const auto line = std::to_string(1 + std::count(a.begin(), a.begin() + static_cast<long>(bad), '\n'));
  CHECK(left_out(corpus, folder) ==
        "b_latin1.txt: not UTF-8: line " + line + ", byte " + std::to_string(bad) +
            " (0xed); c_onebad.txt: not UTF-8: line 2, byte 11 (0x92); h_nul.txt: binary: a zero byte at 3; "
            "i_cut.gz: gzip, cut off at byte 30");
  std::size_t bytes = corpus.files.size() - 1;  // the newlines between
  for (const auto& file : corpus.files) bytes += file.bytes;
  CHECK(bytes == corpus.text.size());
}

TEST_CASE("Any bytes are all files of a folder as they are, but for gzip that is called so") {
  const Folder folder;
  folder.write("a.bin", "\0\xFF"s);
  folder.write("b.gz", gzipped("bb\xE9"));
  folder.write("c.dat", gzipped("cc"));
  folder.write("d.gz", "no gzip");
  folder.write("e.gz", gzipped("ee").substr(0, 12));
  folder.write("f.txt", "\xEF\xBB\xBF");
  folder.write("g.txt", "");
  folder.write("h.txt", utf16("h", true, true));
  const auto corpus = load_corpus(folder.path(), {.any_bytes = true});
  CHECK((corpus.text ==
         "\0\xFF\nbb\xE9\n"s + gzipped("cc") + "\nno gzip\n\xEF\xBB\xBF\n" + utf16("h", true, true)));
  CHECK(notes(corpus) == "a.bin: ; b.gz: gzip; c.dat: ; d.gz: ; f.txt: ; h.txt: ");
  CHECK(left_out(corpus, folder) == "e.gz: gzip, cut off at byte 12; g.txt: empty");
}

TEST_CASE("A folder leaves out and names what is empty, hidden, built, linked or neither file nor folder") {
  const Folder folder;
  folder.write("keep.txt", "keep");
  folder.write("builder.txt", "file");
  folder.write("building/x.txt", "building");
  folder.write("rebuild/x.txt", "rebuild");
  folder.write("empty.txt", "");
  folder.write(".hidden", "no");
  folder.write(".git/config", "no");
  for (const char* name : {"build", "build-debug", "build_x", "cmake-build-release", "sub/build"}) {
    folder.write(name + "/x.txt"s, "no");
  }
  fs::create_symlink(folder.path() / "keep.txt", folder.path() / "link.txt");
  fs::create_directory_symlink(folder.path(), folder.path() / "loop");
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  const auto corpus = load_corpus(folder.path());
  CHECK(corpus.text == "file\nbuilding\nkeep\nrebuild");
  CHECK(left_out(corpus, folder) ==
        ".git: hidden; .hidden: hidden; build: a build folder; build-debug: a build folder; build_x: a build "
        "folder; cmake-build-release: a build folder; empty.txt: empty; link.txt: a symbolic link; loop: a "
        "symbolic link; pipe: neither a file nor a folder; sub/build: a build folder");
}

TEST_CASE("What is itself a source is read, hidden, built or linked") {
  const Folder folder;
  folder.write("build/x.txt", "x");
  folder.write(".notes/y.txt", "y");
  fs::create_directory_symlink(folder.path() / "build", folder.path() / "link");
  fs::create_symlink(folder.path() / ".notes/y.txt", folder.path() / "link.txt");
  CHECK(load_corpus(folder.path() / "build").text == "x");
  CHECK(load_corpus(folder.path() / ".notes").text == "y");
  CHECK(load_corpus(folder.path() / "link").text == "x");
  CHECK(load_corpus(folder / "link.txt").text == "y");
}

TEST_CASE("Extensions choose files of folders and patterns, with or without their dot") {
  const Folder folder;
  folder.write("a.h", "header");
  folder.write("b.cpp", "source");
  folder.write("c.md", "docs");
  folder.write("d.cpp.gz", gzipped("zipped"));
  folder.write("e.md.gz", gzipped("docs"));
  folder.write("h", "no extension");
  folder.write("i.txt.bin", std::string(1, '\0'));
  const auto corpus = load_corpus(folder.path(), {.extensions = {"h", ".cpp"}});
  CHECK(corpus.text == "header\nsource\nzipped");
  CHECK(corpus.left_out.empty());
  CHECK(load_corpus(folder / "*", {.extensions = {"h"}}).text == "header");
  CHECK(load_corpus({folder / "c.md", folder / "*"}, {.extensions = {"h"}}).text == "docs\nheader");
}

TEST_CASE("Several sources are read in their order, and a file that is reached twice once") {
  const Folder folder;
  folder.write("b.txt", "two");
  folder.write("a.txt", "one");
  folder.write("sub/c.txt", "three");
  fs::create_hard_link(folder.path() / "a.txt", folder.path() / "same.txt");
  CHECK(load_corpus({folder / "b.txt", folder.path().string()}).text == "two\none\nthree");
  CHECK(load_corpus({folder / "b.txt", folder / "sub", folder / "sub/../b.txt"}).text == "two\nthree");
  const auto twice = load_corpus({folder.path().string(), folder / "sub", folder / "*"});
  CHECK(twice.files.size() == 3);
  CHECK(twice.left_out.empty());
}

TEST_CASE("A pattern is what it fits, unless a file has that very name") {
  const Folder folder;
  folder.write("b1.txt", "b1");
  folder.write("a1.txt", "a1");
  folder.write("a2.txt", "a2");
  folder.write("c.md", "\xFF");
  folder.write(".a3.txt", "hidden");
  folder.write("build/d.txt", "built");
  folder.write("sub/e.txt", "e");
  fs::create_symlink(folder.path() / "a1.txt", folder.path() / "a9.txt");
  CHECK(load_corpus(folder / "a[12].txt").text == "a1\na2");
  CHECK(load_corpus(folder / "?1.txt").text == "a1\nb1");
  CHECK(load_corpus(folder / ".a*").text == "hidden");
  CHECK(load_corpus(folder / "*/*.txt").text == "built\ne");
  const auto all = load_corpus(folder / "*");
  CHECK(all.text == "a1\na2\nb1\ne");
  CHECK(left_out(all, folder) ==
        "a9.txt: a symbolic link; build: a build folder; c.md: not UTF-8: line 1, byte 0 (0xff)");
  CHECK(load_corpus(folder / "*/").text == "e");
  CHECK(load_corpus(folder / "s[u]b").text == "e");
  CHECK(load_corpus(folder / ".*").text == "hidden");
  folder.write("a[12].txt", "very name");
  CHECK(load_corpus(folder / "a[12].txt").text == "very name");
}

TEST_CASE("Programs leave out files of their own, of which they say why") {
  const Folder folder;
  folder.write("log.jsonl", "{\"loss\":1}");
  folder.write("text.txt", "text");
  const auto logs = [](const fs::path& path, std::string_view content) -> std::string {
    return path.extension() == ".jsonl" && content.starts_with("{\"loss\"") ? "a log" : "";
  };
  const auto corpus = load_corpus(folder.path(), {.leave_out = logs});
  CHECK(corpus.text == "text");
  CHECK(left_out(corpus, folder) == "log.jsonl: a log");
  CHECK(load_corpus(folder / "log.jsonl", {.leave_out = logs}).text == "{\"loss\":1}");
  // Named after it was found and left out, it is wanted.
  CHECK(load_corpus({folder.path().string(), folder / "log.jsonl"}, {.leave_out = logs}).files.size() == 2);
}

TEST_CASE("Standard input and named pipes are read to their end, whatever their size") {
  const Folder folder;
  const std::string text = story(20'000);
  const auto corpus = load_from_pipe(text);
  CHECK((corpus.text == text));
  REQUIRE(corpus.files.size() == 1);
  CHECK(corpus.files[0].path == "-");
  CHECK(notes(load_from_pipe(gzipped("text"))) == "-: gzip");
  CHECK(load_from_pipe("in", {folder.write("a.txt", "a").string(), "-", "-", folder / "a.txt"}).text ==
        "a\nin");
  CHECK_THROWS_WITH(load_from_pipe(""), contains("[corpus] standard input: empty; give a file with text"));
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  std::thread writer([&] { std::ofstream(folder / "pipe") << "from a pipe"; });
  CHECK(load_corpus(folder / "pipe").text == "from a pipe");
  writer.join();
  folder.write("-", "a file called so");
  CHECK(load_corpus(folder / "-").text == "a file called so");
}

TEST_CASE("A source that cannot be used is named in one line, with what to do") {
  const Folder folder;
  const std::string at = "[corpus] " + folder.path().string();
  CHECK_THROWS_WITH(load_corpus(folder.path() / "none"),
                    contains(at + "/none: there is no such file or folder; give one that is there"));
  CHECK_THROWS_WITH(
      load_corpus(folder / "n?ne"),
      contains(at + "/n?ne: there is no such file, and none that fits it as a pattern; give one"));
  CHECK_THROWS_WITH(load_corpus(folder.write("void", "")),
                    contains(at + "/void: empty; give a file with text"));
  CHECK_THROWS_WITH(
      load_corpus(folder.write("latin1", "a\ncaf\xE9")),
      contains(at + "/latin1: not UTF-8: line 2, byte 5 (0xe9); convert it to UTF-8, or read it as bytes"));
  CHECK_THROWS_WITH(
      load_corpus(folder.write("zero", "a\0b"s)),
      contains(at + "/zero: binary: a zero byte at 1; convert it to UTF-8, or read it as bytes"));
  CHECK_THROWS_WITH(load_corpus(folder.write("cut", gzipped("text").substr(0, 15))),
                    contains(at + "/cut: gzip, cut off at byte 15; get a whole copy"));
  CHECK_THROWS_WITH(
      load_corpus(folder.write("inside.gz", gzipped("\xE9"))),
      contains("gzip with content that is no text (not UTF-8: line 1, byte 0 (0xe9)); convert it to UTF-8"));
  CHECK_THROWS_WITH(load_corpus("/dev/null"),
                    contains("[corpus] /dev/null: must be a file or a folder and is neither; give one of"));
  fs::create_symlink("circle", folder.path() / "circle");
  CHECK_THROWS_WITH(load_corpus(folder.path() / "circle"), contains("/circle: cannot be read ("));
  fs::create_symlink("nowhere", folder.path() / "dangling");
  CHECK_THROWS_WITH(load_corpus(folder.path() / "dangling"),
                    contains("a symbolic link to a file that is not"));
  CHECK_THROWS_WITH(load_corpus(std::vector<std::string>{}),
                    contains("[corpus] a text has one source or more"));
}

TEST_CASE("Sources without any text are an error that shows what was left out") {
  const Folder folder;
  const std::string at = folder.path().string();
  CHECK_THROWS_WITH(load_corpus(folder.path()),
                    contains("[corpus] " + at + ": there must be a text: got 1 left out (" + at +
                             ": no files); give files or folders with UTF-8 text"));
  folder.write("a.txt", "");
  CHECK_THROWS_WITH(load_corpus(folder.path(), {.extensions = {"cpp"}}),
                    contains("(" + at + ": no files with a wanted extension)"));
  folder.write("b.txt", "\xFF");
  folder.write("c.txt", "");
  folder.write("d.txt", "");
  CHECK_THROWS_WITH(load_corpus({at, at + "/*"}),
                    contains("[corpus] " + at + ", " + at + "/*: there must be a text: got 8 left out (" +
                             at + "/a.txt: empty; " + at + "/b.txt: not UTF-8: line 1, byte 0 (0xff); " + at +
                             "/c.txt: empty; ...); give files"));
}

TEST_CASE("A path with a zero byte is refused, not cut") {
  CHECK_THROWS_WITH(
      load_corpus(std::string("/etc/passwd\0.txt", 16)),
      contains(
          "[corpus] /etc/passwd\\0.txt: a path cannot hold a zero byte; was a buffer taken for a string?"));
}

TEST_CASE("Files and folders without permission are errors as sources, else left out") {
  if (::geteuid() == 0) {
    WARN("the superuser may read everything: not tested");
    return;
  }
  const Folder folder;
  folder.write("a.txt", "a");
  const fs::path file = folder.write("secret.txt", "x");
  const fs::path below = folder.write("closed/y.txt", "y").parent_path();
  fs::permissions(file, fs::perms::none);
  fs::permissions(below, fs::perms::none);
  CHECK_THROWS_WITH(load_corpus(file),
                    contains(file.string() + ": cannot be read (Permission denied); give a file"));
  CHECK_THROWS_WITH(load_corpus(below),
                    contains(below.string() + ": cannot be read (Permission denied); give a"));
  CHECK_THROWS_WITH(load_corpus(folder / "*/*.txt"),
                    contains("a folder that this pattern looks into cannot"));
  const auto corpus = load_corpus(folder.path());
  CHECK(corpus.text == "a");
  CHECK(left_out(corpus, folder) ==
        "closed: cannot be read (Permission denied); secret.txt: cannot be read (Permission denied)");
  fs::permissions(file, fs::perms::owner_all);
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
