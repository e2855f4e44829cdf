#pragma once

#include <sluice/graph/call.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace sluice::text {

/// The size of a text in the units that people measure it by.
struct TextCounts {
  std::size_t characters = 0;  ///< code points; 0 if the text is not UTF-8
  std::size_t bytes = 0;
  std::size_t words = 0;  ///< as `wc -w` counts them; 0 if the text is not UTF-8
};

/// Counts what ends behind byte `from` of a text: what a model has predicted if the first token ends there.
/// So a character or word counts if that token is but the beginning of it.
///
/// A word is a maximal run of characters other than white space: U+0009..U+000D, U+0020, U+00A0, U+1680,
/// U+2000..U+200A, U+2028, U+2029, U+202F, U+205F, U+2060 and U+3000. `wc` of coreutils 9.1 in a UTF-8 locale
/// counts the same, but for what it does not print: U+2028 and U+2029 do not separate words, and control
/// characters alone are none. Throws Error if `from` is behind the text's end.
TextCounts count_text(std::string_view text, std::size_t from = 0, Location where = Location::current());

/// How well a model predicts a text: the sum of -log p of each token given those before it, and what that is
/// spread over. All counts are those of the predicted part, the text without its first token.
///
/// Figures per token compare models of one vocabulary only; those per character, byte and word compare any
/// models of the same text, if there were no unknown tokens. Each is NaN if its count is 0: per character and
/// word that is so for texts that are not UTF-8.
struct Score {
  double nats = 0;         ///< the sum, not the mean
  std::size_t tokens = 0;  ///< counted: Reading::counted
  std::size_t characters = 0;
  std::size_t bytes = 0;
  std::size_t words = 0;
  std::size_t unknown = 0;  ///< of the tokens, those that the vocabulary does not contain
  double seconds = 0;       ///< that the measurement took

  /// Takes characters, bytes and words from `counts`.
  void set(const TextCounts& counts);

  double nats_per_token() const;        ///< nats / tokens
  double nats_per_character() const;    ///< nats / characters
  double bits_per_character() const;    ///< nats / ln 2 / characters
  double bits_per_byte() const;         ///< nats / ln 2 / bytes
  double perplexity_per_token() const;  ///< exp(nats / tokens)
  /// exp(nats / words): the nats of blanks and signs are those of the words that they stand by.
  double perplexity_per_word() const;
  double tokens_per_second() const;  ///< tokens / seconds; NaN without seconds
};

/// What the tokens of one line cost.
struct LineScore {
  std::size_t line = 0;  ///< from 1
  double nats = 0;       ///< their sum
  std::size_t tokens = 0;
  std::size_t bytes = 0;
};

/// Adds the nats of tokens up by the lines of their text. A line ends with a line feed, which belongs to it;
/// a token belongs to the line of its last byte. The first token, which is not predicted, counts nowhere, and
/// lines without another token are left out.
///
/// `lengths` are the bytes of each token (Vocabulary::lengths), `nats` those of each but the first
/// (Reading::nats). Throws Error if there is no token, if their numbers do not fit, or if the lengths do not
/// add up to the text's.
std::vector<LineScore> line_scores(std::string_view text, std::span<const std::uint32_t> lengths,
                                   std::span<const float> nats, Location where = Location::current());

}  // namespace sluice::text
