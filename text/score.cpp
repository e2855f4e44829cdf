#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include <sluice/graph/call.h>
#include <sluice/graph/error.h>
#include <sluice/text/score.h>
#include <sluice/text/utf8.h>

namespace sluice::text {
namespace {

/// Whether a character of valid UTF-8 separates words. Compares bytes: texts may be long.
bool separates_words(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  switch (character.size()) {
    case 1:
      return byte(0) == 0x20 || (byte(0) >= 0x09 && byte(0) <= 0x0D);
    case 2:
      return character == "\u00A0";
    case 3:
      if (byte(0) == 0xE2 && byte(1) == 0x80) {  // U+2000..U+203F
        return byte(2) <= 0x8A || byte(2) == 0xA8 || byte(2) == 0xA9 || byte(2) == 0xAF;
      }
      return character == "\u1680" || character == "\u205F" || character == "\u2060" || character == "\u3000";
    default:
      return false;
  }
}

double ratio(double sum, std::size_t count) {
  return count == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(count);
}

}  // namespace

TextCounts count_text(std::string_view text, std::size_t from, Location where) {
  const sluice::detail::Call call(where);
  if (from > text.size()) {
    throw Error(
        fmt::format("[count_text] what is counted begins within the text: got byte {} of {}; give the length "
                    "of its first token",
                    from, text.size()));
  }
  TextCounts counts;
  counts.bytes = text.size() - from;
  if (valid_prefix(text) != text.size()) return counts;
  bool in_word = false;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin + 1;
    while (end < text.size() && continues_character(text[end])) ++end;
    const bool blank = separates_words(text.substr(begin, end - begin));
    if (end > from) {
      ++counts.characters;
      counts.words += !blank && !in_word;
      in_word = !blank;
    }
    begin = end;
  }
  return counts;
}

void Score::set(const TextCounts& counts) {
  characters = counts.characters;
  bytes = counts.bytes;
  words = counts.words;
}

double Score::nats_per_token() const { return ratio(nats, tokens); }
double Score::nats_per_character() const { return ratio(nats, characters); }
double Score::bits_per_character() const { return ratio(nats, characters) / std::numbers::ln2; }
double Score::bits_per_byte() const { return ratio(nats, bytes) / std::numbers::ln2; }
double Score::perplexity_per_token() const { return std::exp(ratio(nats, tokens)); }
double Score::perplexity_per_word() const { return std::exp(ratio(nats, words)); }
double Score::tokens_per_second() const {
  return seconds > 0 ? static_cast<double>(tokens) / seconds : std::numeric_limits<double>::quiet_NaN();
}

std::vector<LineScore> line_scores(std::string_view text, std::span<const std::uint32_t> lengths,
                                   std::span<const float> nats, Location where) {
  const sluice::detail::Call call(where);
  if (lengths.empty() || nats.size() != lengths.size() - 1) {
    throw Error(
        fmt::format("[line_scores] each token but the first has its nats: got {} tokens and the nats of {}; "
                    "pass those of the whole text",
                    lengths.size(), nats.size()));
  }
  const std::size_t bytes = std::accumulate(lengths.begin(), lengths.end(), std::size_t{0});
  if (bytes != text.size()) {
    throw Error(
        fmt::format("[line_scores] the tokens make the text: got {} bytes of tokens and {} of text; pass the "
                    "lengths of this text",
                    bytes, text.size()));
  }
  std::vector<LineScore> scores;
  std::size_t line = 1;     // of the byte at `counted`
  std::size_t counted = 0;  // bytes whose line feeds were counted
  std::size_t end = lengths[0];
  for (std::size_t i = 0; i < nats.size(); ++i) {
    const std::uint32_t length = lengths[i + 1];
    end += length;
    const std::size_t last = std::max<std::size_t>(end, 1) - 1;
    line += static_cast<std::size_t>(std::count(text.begin() + static_cast<std::ptrdiff_t>(counted),
                                                text.begin() + static_cast<std::ptrdiff_t>(last), '\n'));
    counted = last;
    if (scores.empty() || scores.back().line != line) scores.push_back({.line = line});
    LineScore& score = scores.back();
    score.nats += static_cast<double>(nats[i]);
    ++score.tokens;
    score.bytes += length;
  }
  return scores;
}

}  // namespace sluice::text
