#include "text_source.h"

#include <fmt/format.h>
#include <sluice/graph/error.h>
#include <sluice/io/checksum.h>
#include <sluice/text/corpus.h>
#include <sluice/text/utf8.h>

#include <algorithm>
#include <filesystem>

namespace lm {
namespace {

namespace fs = std::filesystem;
namespace text = sluice::text;

/// Sources and docs, without the reference data of tests.
const std::vector<std::string> default_extensions{".h", ".cpp", ".inl", ".md", ".sh", ".cmake", ".py"};

text::Corpus load(const std::string& path) {
  if (!path.empty()) return text::load_corpus(path, {.any_bytes = !fs::is_directory(path)});
  const fs::path root = LM_DEFAULT_TEXT;
  if (!fs::is_directory(root)) {
    throw UserError(
        fmt::format("the default text, the sources this program was built from, is not in {} any more: "
                    "say --text FILE or FOLDER",
                    root.string()));
  }
  return text::load_corpus(root, {.extensions = default_extensions});
}

void require_utf8(const std::string& path, const std::string& content) {
  std::size_t position = text::valid_prefix(content);
  if (position == content.size()) return;
  const std::size_t byte = position;
  const auto line =
      1 + std::count(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(byte), '\n');
  throw UserError(fmt::format("{}: not UTF-8: line {}, byte {} (0x{:02x}); convert it, or use --tokens byte",
                              path, line, byte, static_cast<unsigned char>(content[byte])));
}

}  // namespace

Text read_text(const std::string& path, text::TokenKind kind) {
  text::Corpus corpus = load(path);
  if (kind != text::TokenKind::byte) require_utf8(path, corpus.text);
  Text result;
  result.files = corpus.files.size();
  result.identity.path = path.empty() ? "" : fs::weakly_canonical(path).string();
  result.identity.bytes = static_cast<std::int64_t>(corpus.text.size());
  result.identity.checksum =
      fmt::format("{:016x}", sluice::io::checksum(corpus.text.data(), corpus.text.size()));
  result.content = std::move(corpus.text);
  return result;
}

std::string name_of_text(const std::string& path) { return path.empty() ? "the default text" : path; }

void require_same_text(const TextIdentity& now, const TextIdentity& before) {
  if (now.bytes == before.bytes && now.checksum == before.checksum) return;
  throw UserError(
      fmt::format("{} ({} bytes, checksum {}) is not the text this training began with: {} ({} bytes, "
                  "checksum {}); resume with that one, or start anew without --resume",
                  name_of_text(now.path), now.bytes, now.checksum, name_of_text(before.path), before.bytes,
                  before.checksum));
}

std::string_view plural_of(text::TokenKind kind) {
  switch (kind) {
    case text::TokenKind::byte:
      return "bytes";
    case text::TokenKind::word:
      return "words";
    case text::TokenKind::character:
      break;
  }
  return "characters";
}

}  // namespace lm
