#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <system_error>
#include <utility>

#include <sluice/graph/call.h>
#include <sluice/graph/error.h>
#include <sluice/text/corpus.h>
#include <sluice/text/encoding.h>
#include <sluice/text/gzip.h>
#include <sluice/text/utf8.h>

namespace sluice::text {
namespace {

namespace fs = std::filesystem;

constexpr const char* standard_input = "-";

[[noreturn]] void fail(std::string source, std::string_view what) {
  // A zero byte would end the message.
  for (std::size_t at = 0; (at = source.find('\0', at)) != std::string::npos; ++at)
    source.replace(at, 1, "\\0");
  throw Error(fmt::format("[corpus] {}: {}", source, what));
}

std::string unreadable(int error) {
  return fmt::format("cannot be read ({})", std::generic_category().message(error));
}

/// A file descriptor that is closed with this, unless it is that of standard input.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ > STDIN_FILENO) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  bool status(struct stat& status) const { return number_ >= 0 && ::fstat(number_, &status) == 0; }

  /// Reads to the end rather than to a size, which is only a hint. Returns false with errno if that fails.
  bool read(std::size_t size_hint, std::string& bytes) const {
    constexpr std::size_t least = std::size_t{1} << 16;
    constexpr std::size_t most = std::size_t{1} << 30;
    bytes.resize(size_hint > 0 ? size_hint + 1 : least);
    std::size_t size = 0;
    for (;;) {
      if (size == bytes.size()) bytes.resize(size + std::max(size / 4, least));
      const ssize_t count = ::read(number_, bytes.data() + size, std::min(bytes.size() - size, most));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return false;
      if (count == 0) break;
      size += static_cast<std::size_t>(count);
    }
    bytes.resize(size);
    return true;
  }

 private:
  int number_;
};

bool is_build_folder(std::string_view name) {
  return name == "build" || name.starts_with("build-") || name.starts_with("build_") ||
         name.starts_with("cmake-build");
}

bool is_wanted(const fs::path& path, const std::vector<std::string>& extensions) {
  const auto listed = [&](const std::string& own) {  // with its dot
    return std::any_of(extensions.begin(), extensions.end(), [&](const std::string& extension) {
      return own == extension || own == "." + extension;
    });
  };
  const std::string own = path.extension().string();
  return extensions.empty() || listed(own) || (own == ".gz" && listed(path.stem().extension().string()));
}

/// The paths that fit a pattern of glob(3), in their bytewise order.
std::vector<fs::path> matches(const std::string& pattern) {
  const auto stops = [](const char*, int error) -> int { return error != ENOENT && error != ENOTDIR; };
  ::glob_t found{};
  const int result = ::glob(pattern.c_str(), GLOB_NOSORT, stops, &found);
  std::vector<fs::path> paths(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  if (result != 0 && result != GLOB_NOMATCH)
    fail(pattern, "a folder that this pattern looks into cannot be read; give another pattern, or names");
  std::sort(paths.begin(), paths.end(), [](const auto& a, const auto& b) { return a.native() < b.native(); });
  return paths;
}

/// What to do about a file that is itself a source and cannot be used.
std::string_view advice(std::string_view why) {
  if (why == "empty") return "give a file with text";
  if (why.starts_with("cannot be read")) return "give a file that can be read";
  if (why.starts_with("gzip, ")) return "get a whole copy";
  return "convert it to UTF-8, or read it as bytes";
}

class CorpusReader {
 public:
  explicit CorpusReader(const CorpusOptions& options) : options_(options) {}

  void add_source(const std::string& source) {
    if (source == standard_input) return add_named(source);
    if (source.find('\0') != std::string::npos)
      fail(source, "a path cannot hold a zero byte; was a buffer taken for a string?");
    std::error_code error;
    const fs::file_status status = fs::status(source, error);
    if (status.type() == fs::file_type::not_found) {
      if (fs::symlink_status(source, error).type() == fs::file_type::symlink)
        fail(source, "a symbolic link to a file that is not there; give a file or folder that is");
      return add_pattern(source);
    }
    if (error) fail(source, unreadable(error.value()) + "; give a file or folder that can be read");
    if (fs::is_regular_file(status) || fs::is_fifo(status)) return add_named(source);
    if (!fs::is_directory(status))
      fail(source, "must be a file or a folder and is neither; give one of the two");
    add_found(source, {source}, {});
  }

  Corpus take(const std::vector<std::string>& sources) {
    if (!corpus_.files.empty()) return std::move(corpus_);
    constexpr std::size_t shown = 3;
    std::string why;
    for (const LeftOut& one : corpus_.left_out) {
      if (&one - corpus_.left_out.data() == shown) break;
      why += fmt::format("{}{}: {}", why.empty() ? " (" : "; ", one.path.string(), one.why);
    }
    fail(fmt::format("{}", fmt::join(sources, ", ")),
         fmt::format("there must be a text: got {} left out{}{}{}; give files or folders with UTF-8 text",
                     corpus_.left_out.size(), why, corpus_.left_out.size() > shown ? "; ..." : "",
                     why.empty() ? "" : ")"));
  }

 private:
  void add_named(const std::string& path) {
    const std::string why = add_file(path, /*is_source=*/true);
    if (!why.empty())
      fail(path == standard_input ? "standard input" : path, why + "; " + std::string(advice(why)));
  }

  void add_pattern(const std::string& pattern) {
    if (pattern.find_first_of("*?[") == std::string::npos)
      fail(pattern, "there is no such file or folder; give one that is there");
    const std::vector<fs::path> paths = matches(pattern);
    if (paths.empty())
      fail(pattern, "there is no such file, and none that fits it as a pattern; give one that is there");
    std::vector<fs::path> folders;
    std::vector<LeftOut> found;
    for (const fs::path& path : paths) {
      examine(path.has_filename() ? path : path.parent_path(), /*may_be_hidden=*/true, folders, found);
    }
    add_found(pattern, std::move(folders), std::move(found));
  }

  /// Reads what was found, and all below these folders.
  void add_found(const std::string& source, std::vector<fs::path> folders, std::vector<LeftOut> found) {
    while (!folders.empty()) {
      const fs::path folder = std::move(folders.back());
      folders.pop_back();
      std::error_code error;
      for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        examine(entry->path(), /*may_be_hidden=*/false, folders, found);
      }
      if (error && folder == source)
        fail(source, unreadable(error.value()) + "; give a folder that can be read");
      if (error) found.push_back({folder, unreadable(error.value())});
    }
    if (found.empty()) {
      found.push_back(
          {source, options_.extensions.empty() ? "no files" : "no files with a wanted extension"});
    }
    std::sort(found.begin(), found.end(),
              [](const auto& a, const auto& b) { return a.path.native() < b.path.native(); });
    for (LeftOut& one : found) {
      if (one.why.empty()) one.why = add_file(one.path, /*is_source=*/false);
      if (!one.why.empty()) corpus_.left_out.push_back(std::move(one));
    }
  }

  /// Notes a file that was found, and why it will be left out, or a folder that is to be looked into.
  void examine(const fs::path& path, bool may_be_hidden, std::vector<fs::path>& folders,
               std::vector<LeftOut>& found) const {
    const std::string name = path.filename().string();
    if (name == "." || name == "..") return;  // they fit the pattern .*
    const bool hidden = name.starts_with('.') && !may_be_hidden;
    std::error_code gone;
    const fs::file_type type = fs::symlink_status(path, gone).type();
    if (type == fs::file_type::not_found) return;  // removed meanwhile
    if (type == fs::file_type::directory) {
      if (hidden || is_build_folder(name)) {
        found.push_back({path, hidden ? "hidden" : "a build folder"});
      } else {
        folders.push_back(path);
      }
    } else if (is_wanted(path, options_.extensions)) {
      found.push_back({path, hidden                           ? "hidden"
                             : type == fs::file_type::symlink ? "a symbolic link"
                             : type == fs::file_type::regular ? ""
                                                              : "neither a file nor a folder"});
    }
  }

  /// Returns why it cannot be used, or nothing.
  std::string add_file(const fs::path& path, bool is_source) {
    const bool is_standard_input = is_source && path == standard_input;
    const Descriptor file(is_standard_input ? STDIN_FILENO
                                            : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    struct stat status {};
    if (!file.status(status)) return unreadable(errno);
    const auto identity = std::make_pair(status.st_dev, status.st_ino);
    if (used_.count(identity) > 0) return "";
    std::string bytes;
    if (!file.read(S_ISREG(status.st_mode) ? static_cast<std::size_t>(status.st_size) : 0, bytes))
      return unreadable(errno);
    Converted part = convert(path, std::move(bytes));
    if (part.why_not.empty() && !is_source && options_.leave_out)
      part.why_not = options_.leave_out(path, part.text);
    if (!part.why_not.empty()) return part.why_not;
    used_.insert(identity);
    corpus_.files.push_back({path, part.text.size(), part.note});
    if (corpus_.files.size() == 1) {
      corpus_.text = std::move(part.text);
    } else {
      corpus_.text += '\n';
      corpus_.text += part.text;
    }
    return "";
  }

  Converted convert(const fs::path& path, std::string bytes) const {
    if (!options_.any_bytes) return convert_to_utf8(std::move(bytes));
    Converted part;
    if (path.extension() == ".gz" && is_gzip(bytes)) {
      Unzipped content = gunzip(bytes);
      if (!content.why_not.empty()) return {"", "", "gzip, " + content.why_not};
      bytes = std::move(content.bytes);
      part.note = "gzip";
    }
    if (bytes.empty()) part.why_not = "empty";
    part.text = std::move(bytes);
    return part;
  }

  const CorpusOptions& options_;
  Corpus corpus_;
  std::set<std::pair<dev_t, ino_t>> used_;
};

}  // namespace

Corpus load_corpus(const std::vector<std::string>& sources, const CorpusOptions& options, Location where) {
  const sluice::detail::Call call(where);
  if (sources.empty()) throw Error("[corpus] a text has one source or more: got none; give a file or folder");
  CorpusReader reader(options);
  for (const std::string& source : sources) reader.add_source(source);
  return reader.take(sources);
}

Parts split(std::string_view text, double fraction, Location where) {
  const sluice::detail::Call call(where);
  if (!(fraction >= 0 && fraction < 1)) {
    throw Error(
        fmt::format("[split] the part held out must be at least 0 and below 1: got {}; use 0.1 for the last "
                    "tenth",
                    fraction));
  }
  std::size_t cut = text.size() - static_cast<std::size_t>(static_cast<double>(text.size()) * fraction);
  // A character has at most three continuation bytes; other data may have more and is cut anywhere.
  for (int i = 0; i < 3 && cut > 0 && cut < text.size() && continues_character(text[cut]); ++i) --cut;
  const Parts parts{text.substr(0, cut), text.substr(cut)};
  if (parts.training.empty() || (fraction > 0 && parts.validation.empty())) {
    throw Error(fmt::format(
        "[split] each part needs text: got {} of {} bytes to hold out, which leaves {} and {}; use a longer "
        "text or another fraction",
        fraction, text.size(), parts.training.size(), parts.validation.size()));
  }
  return parts;
}

}  // namespace sluice::text
