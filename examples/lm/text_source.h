#pragma once

#include <sluice/text/vocabulary.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "settings.h"

namespace lm {

/// Identifies the text a model was trained on: resuming requires the same one.
struct TextIdentity {
  std::string path;        ///< absolute; empty for the default text
  std::int64_t bytes = 0;  ///< of the whole text
  std::string checksum;    ///< CRC-64 in hex

  template <class Self, class F>
  static void each(Self& s, F&& f) {
    f("path", s.path, "");
    f("bytes", s.bytes, "");
    f("checksum", s.checksum, "");
  }
};

/// A text as read.
struct Text {
  std::string content;
  std::size_t files = 0;
  TextIdentity identity;
};

/// Reads a file or folder; the default text, this repository's own sources and docs, for an empty path.
/// Throws UserError if there is none, or if it must be UTF-8 and is not.
Text read_text(const std::string& path, sluice::text::TokenKind kind);

/// The name of a text in messages.
std::string name_of_text(const std::string& path);

/// Throws UserError unless both are the same text.
void require_same_text(const TextIdentity& now, const TextIdentity& before);

/// The plural of tokens in messages: "characters", "bytes", "words".
std::string_view plural_of(sluice::text::TokenKind kind);

}  // namespace lm
