#include "text_source.h"

#include <fmt/format.h>
#include <sluice/graph/error.h>
#include <sluice/io/checkpoint.h>
#include <sluice/io/checksum.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "run_log.h"

namespace lm {
namespace {

namespace fs = std::filesystem;
namespace text = sluice::text;

/// Sources and docs, without the reference data of tests.
const std::vector<std::string> default_extensions{".h", ".cpp", ".inl", ".md", ".sh", ".cmake", ".py"};

std::string default_folder() {
  if (fs::is_directory(LM_DEFAULT_TEXT)) return LM_DEFAULT_TEXT;
  throw UserError(
      fmt::format("the default text, the sources this program was built from, is not in {} any more: "
                  "say --text FILE or FOLDER",
                  LM_DEFAULT_TEXT));
}

bool receives_output(const fs::path& path) {
  struct stat file {};
  if (stat(path.c_str(), &file) != 0) return false;
  const auto goes_there = [&](int descriptor) {
    struct stat open {};
    return fstat(descriptor, &open) == 0 && open.st_dev == file.st_dev && open.st_ino == file.st_ino;
  };
  return goes_there(STDOUT_FILENO) || goes_there(STDERR_FILENO);
}

/// Why a file that was found is no text; an empty string if it may be one.
std::string why_own(const fs::path& path, std::string_view content, const std::vector<std::string>& own) {
  std::error_code none;
  for (const std::string& name : own)
    if (fs::equivalent(path, name, none)) return "this command writes it";
  if (receives_output(path)) return "the output of this command goes there";
  if (sluice::io::is_checkpoint(content)) return "a model";
  if (is_log(content)) return "a log of lm";
  return {};
}

Text text_of(text::Corpus corpus, bool is_default) {
  Text result;
  result.identity.is_default = is_default;
  // Standard input and pipes are read once; files can be read again.
  const bool from_files = std::all_of(corpus.files.begin(), corpus.files.end(),
                                      [](const auto& f) { return fs::is_regular_file(f.path); });
  for (const text::CorpusFile& file : corpus.files)
    if (from_files) result.identity.files.push_back(fs::weakly_canonical(file.path).string());
  result.identity.bytes = static_cast<std::int64_t>(corpus.text.size());
  result.identity.checksum =
      fmt::format("{:016x}", sluice::io::checksum(corpus.text.data(), corpus.text.size()));
  result.content = std::move(corpus.text);
  result.files = std::move(corpus.files);
  result.left_out = std::move(corpus.left_out);
  return result;
}

}  // namespace

Text read_text(const std::vector<std::string>& sources, text::TokenKind kind,
               const std::vector<std::string>& own) {
  text::CorpusOptions options;
  options.any_bytes = kind == text::TokenKind::byte;
  options.leave_out = [&](const fs::path& path, std::string_view content) {
    return why_own(path, content, own);
  };
  if (!sources.empty()) return text_of(text::load_corpus(sources, options), false);
  options.extensions = default_extensions;
  return text_of(text::load_corpus({default_folder()}, options), true);
}

Text read_again(const TextIdentity& identity, text::TokenKind kind) {
  if (identity.files.empty()) {
    throw UserError(
        "the training read its text from standard input or a pipe, or the model was exported: say where the "
        "text is "
        "with --text FILE, or --text - for standard input");
  }
  for (const std::string& file : identity.files) {
    if (fs::exists(file)) continue;
    throw UserError(
        fmt::format("{}, a text of the training, is not there any more; say where it is with --text", file));
  }
  text::CorpusOptions options;
  options.any_bytes = kind == text::TokenKind::byte;
  Text text = text_of(text::load_corpus(identity.files, options), identity.is_default);
  if (!text.identity.is_same_text(identity)) {
    throw UserError(fmt::format(
        "{} has changed since the training ({} bytes, checksum {}; then {} and {}): give the text of "
        "the training, or another one on purpose, with --text",
        name_of_text(identity), text.identity.bytes, text.identity.checksum, identity.bytes,
        identity.checksum));
  }
  return text;
}

std::string name_of_text(const TextIdentity& identity) {
  if (identity.is_default) return "the default text";
  if (identity.files.empty()) return "standard input";
  if (identity.files.size() == 1) return identity.files.front();
  return fmt::format("{} and {} more", identity.files.front(), identity.files.size() - 1);
}

std::vector<std::string> notes_on(const Text& text) {
  constexpr std::size_t most = 20;
  std::vector<std::string> notes;
  for (const text::CorpusFile& file : text.files)
    if (!file.note.empty()) notes.push_back(fmt::format("{}: {}", file.path.string(), file.note));
  // What may be missed comes first: nobody takes hidden files and builds for texts.
  for (const bool expected : {false, true}) {
    for (const text::LeftOut& file : text.left_out) {
      if (expected == (file.why == "hidden" || file.why == "a build folder"))
        notes.push_back(fmt::format("left out: {}: {}", file.path.string(), file.why));
    }
  }
  if (notes.size() <= most) return notes;
  const std::size_t hidden = notes.size() - most;
  notes.resize(most);
  notes.push_back(fmt::format("and {} more", hidden));
  return notes;
}

std::string_view plural_of(text::TokenKind kind) {
  switch (kind) {
    case text::TokenKind::byte:
      return "bytes";
    case text::TokenKind::word:
      return "tokens";
    case text::TokenKind::character:
      break;
  }
  return "characters";
}

std::string_view singular_of(text::TokenKind kind) {
  const std::string_view plural = plural_of(kind);
  return plural.substr(0, plural.size() - 1);
}

}  // namespace lm
