#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <utility>

#include <sluice/graph/call.h>
#include <sluice/graph/error.h>
#include <sluice/text/corpus.h>
#include <sluice/text/utf8.h>

namespace sluice::text {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, std::string_view what) {
  std::string text = path.string();  // a zero byte would end the message
  for (std::size_t at = 0; (at = text.find('\0', at)) != std::string::npos; ++at) text.replace(at, 1, "\\0");
  throw Error(fmt::format("[corpus] {}: {}", text, what));
}

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

/// Reads to the end rather than to a size: the size of a file is only a hint.
std::string read_file(const fs::path& path) {
  errno = 0;
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
  if (!file) fail(path, fmt::format("cannot be opened ({})", std::generic_category().message(errno)));
  std::string text;
  std::array<char, 1 << 16> piece{};
  while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), file.get())) {
    text.append(piece.data(), count);
  }
  if (std::ferror(file.get())) {
    fail(path, fmt::format("cannot be read ({})", std::generic_category().message(errno)));
  }
  return text;
}

bool is_text(std::string_view bytes) {
  return !bytes.empty() && bytes.find('\0') == std::string_view::npos && valid_prefix(bytes) == bytes.size();
}

bool is_wanted(const fs::path& path, const std::vector<std::string>& extensions) {
  const std::string own = path.extension().string();  // with its dot
  return extensions.empty() ||
         std::any_of(extensions.begin(), extensions.end(), [&](const std::string& extension) {
           return own == extension || own == "." + extension;
         });
}

/// The regular files below a folder, except hidden ones and build folders, without following links.
std::vector<fs::path> files_below(const fs::path& root) {
  std::vector<fs::path> files;
  std::vector<fs::path> folders{root};
  while (!folders.empty()) {
    const fs::path folder = std::move(folders.back());
    folders.pop_back();
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      if (name.starts_with('.')) continue;
      std::error_code gone;  // an entry removed meanwhile is not a file
      const fs::file_type type = entry->symlink_status(gone).type();
      if (type == fs::file_type::regular) files.push_back(entry->path());
      if (type == fs::file_type::directory && !name.starts_with("build")) folders.push_back(entry->path());
    }
    if (error) fail(folder, fmt::format("the folder cannot be read ({})", error.message()));
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.native() < b.native(); });
  return files;
}

}  // namespace

Corpus load_corpus(const fs::path& path, const std::vector<std::string>& extensions, Location where) {
  const sluice::detail::Call call(where);
  if (path.native().find('\0') != std::string::npos)
    fail(path, "a path cannot hold a zero byte; was a buffer taken for a string?");
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) fail(path, "there is no such file or folder");
  if (error) fail(path, fmt::format("cannot be read ({})", error.message()));
  Corpus corpus;
  if (fs::is_regular_file(status)) {
    corpus.text = read_file(path);
    if (corpus.text.empty()) fail(path, "the file is empty; give a file with text");
    corpus.files.push_back(path);
    return corpus;
  }
  if (!fs::is_directory(status)) fail(path, "must be a file or a folder and is neither");
  for (const fs::path& file : files_below(path)) {
    if (!is_wanted(file, extensions)) continue;
    const std::string text = read_file(file);
    if (!is_text(text)) {
      ++corpus.skipped;
      continue;
    }
    if (!corpus.files.empty()) corpus.text += '\n';
    corpus.text += text;
    corpus.files.push_back(file);
  }
  if (corpus.files.empty()) {
    fail(path, fmt::format(
                   "the folder has no text files{} ({} binary or empty ones were skipped); give a folder or "
                   "file with UTF-8 text",
                   extensions.empty() ? "" : " with these extensions", corpus.skipped));
  }
  return corpus;
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
  for (int i = 0; i < 3 && cut > 0 && cut < text.size() && (text[cut] & 0xC0) == 0x80; ++i) --cut;
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
