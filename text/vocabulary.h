#pragma once

#include <sluice/graph/call.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::text {

/// The unit of text that is one token.
enum class TokenKind {
  character,  ///< "char": one Unicode code point
  byte,       ///< "byte": one byte; any data at all, no unknown token
  word        ///< "word": one piece of `split_words`
};

/// "char", "byte" or "word".
std::string_view name_of(TokenKind kind);

/// The kind with that name. Throws Error for any other name.
TokenKind token_kind(std::string_view name, Location where = Location::current());

/// An immutable, one-to-one map between token texts and ids 0 .. size() - 1.
///
/// Character and word vocabularies have an unknown token with id 0, written `<unk>`: text outside of the
/// vocabulary is encoded as 0, and 0 is decoded as U+FFFD. Without unknown tokens, `decode(encode(text)) ==
/// text`.
class Vocabulary {
 public:
  static constexpr std::int32_t unknown_id = 0;
  static constexpr std::string_view unknown_text = "<unk>";
  /// Largest size of a vocabulary.
  static constexpr std::size_t largest_size = std::size_t{1} << 24;

  /// `<unk>` and the code points of `text` in ascending order. Throws Error if the text is empty or not
  /// UTF-8.
  static Vocabulary characters(std::string_view text, Location where = Location::current());

  /// The 256 bytes; the id is the byte.
  static Vocabulary bytes();

  /// `<unk>` and the most frequent pieces of `text`, the most frequent first, equally frequent ones in the
  /// order of their first appearance, `max_size` tokens in all. Throws Error if the text is empty or not
  /// UTF-8 or if `max_size` is below 2.
  static Vocabulary words(std::string_view text, std::size_t max_size = largest_size,
                          Location where = Location::current());

  /// One of the three above; `max_size` applies to words only.
  static Vocabulary of(TokenKind kind, std::string_view text, std::size_t max_size = largest_size,
                       Location where = Location::current());

  /// Reads the output of `to_json`. Throws Error naming the broken rule for anything else: not JSON, unknown
  /// format or kind, missing or mistyped fields, tokens that are repeated, out of order, or cannot occur in a
  /// text. Words of format 1, which were divided by another rule than `split_words` has now, are an Error.
  static Vocabulary from_json(std::string_view json, Location where = Location::current());

  /// One line: {"format":"sluice.vocabulary.1","kind":"char","tokens":["<unk>","\n"," ",...]}; bytes have no
  /// tokens, and the format of words is "sluice.vocabulary.2".
  std::string to_json() const;

  TokenKind kind() const { return kind_; }
  std::size_t size() const { return tokens_.size(); }
  bool has_unknown() const { return kind_ != TokenKind::byte; }

  /// The text of one token (`<unk>` for the unknown one). Throws Error for an id outside the vocabulary.
  const std::string& token(std::int32_t id, Location where = Location::current()) const;

  /// The ids of a text; adds the number of unknown ones to `*unknown` if given. Throws Error if the text is
  /// not UTF-8 (never for bytes).
  std::vector<std::int32_t> encode(std::string_view text, std::size_t* unknown = nullptr,
                                   Location where = Location::current()) const;

  /// The bytes of each token of `encode(text)`, unknown ones included: together those of the text. Throws
  /// Error if the text is not UTF-8 (never for bytes).
  std::vector<std::uint32_t> lengths(std::string_view text, Location where = Location::current()) const;

  /// The text of a list of ids. With bytes it need not be UTF-8 (`Utf8Stream` shows it safely). Throws Error
  /// for an id outside the vocabulary.
  std::string decode(std::span<const std::int32_t> ids, Location where = Location::current()) const;

  friend bool operator==(const Vocabulary& a, const Vocabulary& b) {
    return a.kind_ == b.kind_ && a.tokens_ == b.tokens_;
  }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  Vocabulary(TokenKind kind, std::vector<std::string> tokens);

  TokenKind kind_;
  std::vector<std::string> tokens_;
  std::unordered_map<std::string, std::int32_t, Hash, std::equal_to<>> ids_;
};

}  // namespace sluice::text
