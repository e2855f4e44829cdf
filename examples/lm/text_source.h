#pragma once

#include <sluice/text/corpus.h>
#include <sluice/text/vocabulary.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "settings.h"

namespace lm {

/// Identifies the text a model was trained on: an exact resume requires the same one.
struct TextIdentity {
  std::vector<std::string> files;  ///< absolute paths, in order; empty if one was a pipe or standard input
  bool is_default = false;         ///< the sources and docs of this program
  std::int64_t bytes = 0;          ///< of the whole text
  std::string checksum;            ///< CRC-64 in hex

  template <class Self, class F>
  static void each(Self& s, F&& f) {
    f("files", s.files, "");
    f("is_default", s.is_default, "");
    f("bytes", s.bytes, "");
    f("checksum", s.checksum, "");
  }
  bool is_same_text(const TextIdentity& other) const {
    return bytes == other.bytes && checksum == other.checksum;
  }
};

/// A text as read.
struct Text {
  std::string content;
  TextIdentity identity;
  std::vector<sluice::text::CorpusFile> files;
  std::vector<sluice::text::LeftOut> left_out;
};

/// Reads files, folders, patterns and standard input ("-") as one text; the default text, this repository's
/// own sources and docs, if there are no sources. Files of this program found on the way are no text: models,
/// logs, the files that its output goes to, and those in `own`.
Text read_text(const std::vector<std::string>& sources, sluice::text::TokenKind kind,
               const std::vector<std::string>& own = {});

/// Reads the files of a training again, and no others. Throws UserError naming --text if one is not there any
/// more, if they have changed, or if the text was standard input.
Text read_again(const TextIdentity& identity, sluice::text::TokenKind kind);

/// The name of a text in messages.
std::string name_of_text(const TextIdentity& identity);

/// Sentences on what was done to files of the text, and on what was left out, with the reasons.
std::vector<std::string> notes_on(const Text& text);

/// "characters", "bytes", "words"; and one of them.
std::string_view plural_of(sluice::text::TokenKind kind);
std::string_view singular_of(sluice::text::TokenKind kind);

}  // namespace lm
