#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include <sluice/graph/call.h>
#include <sluice/graph/error.h>
#include <sluice/text/utf8.h>
#include <sluice/text/vocabulary.h>
#include <sluice/text/words.h>

namespace sluice::text {
namespace {

/// Words have a format of their own: in the first one they were divided by another rule.
constexpr std::string_view first_format = "sluice.vocabulary.1";
constexpr std::string_view second_format = "sluice.vocabulary.2";

std::string_view format_of(TokenKind kind) { return kind == TokenKind::word ? second_format : first_format; }

void require_text(std::string_view text) {
  if (text.empty()) {
    throw Error("[vocabulary] a vocabulary is made from a text: got an empty one; give some text");
  }
}

/// Calls `use(piece)` for each token text of `text`.
template <class Use>
void each_piece(TokenKind kind, std::string_view text, Use use) {
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t start = position;
    if (kind == TokenKind::byte) {
      ++position;
    } else if (kind == TokenKind::word) {
      next_word(text, position);
    } else {
      next_code_point(text, position);
    }
    use(text.substr(start, position - start));
  }
}

/// Rejects a token that no text of this kind could produce: it would only waste an id.
void require_reachable(TokenKind kind, const std::string& token, std::size_t id) {
  std::size_t pieces = 0;
  each_piece(kind, token, [&](std::string_view) { ++pieces; });
  if (pieces != 1) {
    throw Error(
        fmt::format("[vocabulary] each token must be one {}: got token {}, '{}'; the vocabulary is damaged",
                    kind == TokenKind::word ? "word" : "character", id, token));
  }
}

}  // namespace

std::string_view name_of(TokenKind kind) {
  switch (kind) {
    case TokenKind::character:
      return "char";
    case TokenKind::byte:
      return "byte";
    case TokenKind::word:
      return "word";
  }
  throw Error(
      "[vocabulary] a token is a character, a byte or a word: got another kind; use one of the three");
}

TokenKind token_kind(std::string_view name, Location where) {
  const sluice::detail::Call call(where);
  for (const TokenKind kind : {TokenKind::character, TokenKind::byte, TokenKind::word}) {
    if (name == name_of(kind)) return kind;
  }
  throw Error(
      fmt::format("[vocabulary] tokens are char, byte or word: got '{}'; use one of the three", name));
}

Vocabulary::Vocabulary(TokenKind kind, std::vector<std::string> tokens)
    : kind_(kind), tokens_(std::move(tokens)) {
  ids_.reserve(tokens_.size());
  for (std::size_t id = 0; id < tokens_.size(); ++id) {
    const auto [place, is_new] = ids_.emplace(tokens_[id], static_cast<std::int32_t>(id));
    if (!is_new) {
      throw Error(
          fmt::format("[vocabulary] tokens must differ: got '{2}' as tokens {0} and {1}; the vocabulary is "
                      "damaged",
                      place->second, id, tokens_[id]));
    }
  }
}

Vocabulary Vocabulary::characters(std::string_view text, Location where) {
  const sluice::detail::Call call(where);
  require_text(text);
  std::vector<bool> seen(0x110000);
  for (std::size_t position = 0; position < text.size();) seen[next_code_point(text, position)] = true;
  std::vector<std::string> tokens{std::string(unknown_text)};
  for (char32_t c = 0; c < seen.size(); ++c) {
    if (seen[c]) tokens.push_back(encode_utf8(c));
  }
  return Vocabulary(TokenKind::character, std::move(tokens));
}

Vocabulary Vocabulary::bytes() {
  std::vector<std::string> tokens;
  tokens.reserve(256);
  for (int byte = 0; byte < 256; ++byte) tokens.emplace_back(1, static_cast<char>(byte));
  return Vocabulary(TokenKind::byte, std::move(tokens));
}

Vocabulary Vocabulary::words(std::string_view text, std::size_t max_size, Location where) {
  const sluice::detail::Call call(where);
  require_text(text);
  if (max_size < 2) {
    throw Error(fmt::format(
        "[vocabulary] a word vocabulary holds <unk> and at least one word: got a max_size of {}; use 2 "
        "or more",
        max_size));
  }
  std::vector<std::pair<std::string_view, std::size_t>> counts;  // in the order of first appearance
  std::unordered_map<std::string_view, std::size_t> places;
  each_piece(TokenKind::word, text, [&](std::string_view word) {
    const auto [place, is_new] = places.emplace(word, counts.size());
    if (is_new) counts.emplace_back(word, 0);
    ++counts[place->second].second;
  });
  std::stable_sort(counts.begin(), counts.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  counts.resize(std::min({counts.size(), max_size - 1, largest_size - 1}));
  std::vector<std::string> tokens{std::string(unknown_text)};
  for (const auto& entry : counts) tokens.emplace_back(entry.first);
  return Vocabulary(TokenKind::word, std::move(tokens));
}

Vocabulary Vocabulary::of(TokenKind kind, std::string_view text, std::size_t max_size, Location where) {
  const sluice::detail::Call call(where);
  if (kind == TokenKind::byte) return bytes();
  return kind == TokenKind::word ? words(text, max_size) : characters(text);
}

std::string Vocabulary::to_json() const {
  nlohmann::ordered_json root;
  root["format"] = format_of(kind_);
  root["kind"] = name_of(kind_);
  if (kind_ != TokenKind::byte) root["tokens"] = tokens_;
  return root.dump();
}

Vocabulary Vocabulary::from_json(std::string_view json, Location where) {
  const sluice::detail::Call call(where);
  const auto damaged = [](const std::string& rule) {
    return Error(
        fmt::format("[vocabulary] {}; the vocabulary is damaged or was not written by to_json", rule));
  };
  const auto root = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) throw damaged("a vocabulary is a JSON object");
  const auto text_field = [&](const char* key) {
    const auto field = root.find(key);
    if (field == root.end() || !field->is_string())
      throw damaged(fmt::format("the field '{}' must be a text", key));
    return field->get<std::string>();
  };
  const std::string format = text_field("format");
  if (format != first_format && format != second_format) {
    throw damaged(
        fmt::format("the format must be '{}' or '{}' and is '{}'", first_format, second_format, format));
  }
  const TokenKind kind = token_kind(text_field("kind"));
  if (kind == TokenKind::word && format == first_format) {
    throw Error(fmt::format(
        "[vocabulary] words are read in the format '{}': got '{}', when texts were divided into words in "
        "another way (blanks apart), so that these words would not be found again; train anew",
        second_format, format));
  }
  if (format != format_of(kind)) {
    throw damaged(fmt::format("the format of kind '{}' must be '{}' and is '{}'", name_of(kind),
                              format_of(kind), format));
  }
  const auto field = root.find("tokens");
  if (kind == TokenKind::byte) {
    if (field != root.end()) throw damaged("a byte vocabulary has no tokens of its own");
    return bytes();
  }
  if (field == root.end() || !field->is_array()) throw damaged("the field 'tokens' must be a list");
  if (field->size() < 2 || field->size() > largest_size) {
    throw damaged(fmt::format("there must be 2 to {} tokens and are {}", largest_size, field->size()));
  }
  std::vector<std::string> tokens;
  tokens.reserve(field->size());
  for (const auto& token : *field) {
    const std::size_t id = tokens.size();
    if (!token.is_string()) throw damaged(fmt::format("each token must be a text and token {} is not", id));
    tokens.push_back(token.get<std::string>());
    if (id > 0) require_reachable(kind, tokens.back(), id);
  }
  if (tokens[0] != unknown_text) throw damaged(fmt::format("token 0 must be <unk> and is '{}'", tokens[0]));
  Vocabulary vocabulary(kind, std::move(tokens));
  // Bytewise order of UTF-8 is the order of its code points.
  const auto& sorted = vocabulary.tokens_;
  if (kind == TokenKind::character && !std::is_sorted(sorted.begin() + 1, sorted.end())) {
    throw damaged("characters must be in ascending order");
  }
  return vocabulary;
}

const std::string& Vocabulary::token(std::int32_t id, Location where) const {
  const sluice::detail::Call call(where);
  if (id < 0 || static_cast<std::size_t>(id) >= size()) {
    throw Error(fmt::format(
        "[vocabulary] an id must be in 0..{}: got {}; was it made with another vocabulary?", size() - 1, id));
  }
  return tokens_[static_cast<std::size_t>(id)];
}

std::vector<std::int32_t> Vocabulary::encode(std::string_view text, std::size_t* unknown,
                                             Location where) const {
  const sluice::detail::Call call(where);
  std::vector<std::int32_t> ids;
  if (kind_ != TokenKind::word) ids.reserve(text.size());
  std::size_t missing = 0;
  each_piece(kind_, text, [&](std::string_view piece) {
    const auto found = ids_.find(piece);
    missing += found == ids_.end();
    ids.push_back(found == ids_.end() ? unknown_id : found->second);
  });
  if (unknown) *unknown += missing;
  return ids;
}

std::vector<std::uint32_t> Vocabulary::lengths(std::string_view text, Location where) const {
  const sluice::detail::Call call(where);
  std::vector<std::uint32_t> bytes;
  if (kind_ != TokenKind::word) bytes.reserve(text.size());
  each_piece(kind_, text,
             [&](std::string_view piece) { bytes.push_back(static_cast<std::uint32_t>(piece.size())); });
  return bytes;
}

std::string Vocabulary::decode(std::span<const std::int32_t> ids, Location where) const {
  const sluice::detail::Call call(where);
  std::string text;
  for (const std::int32_t id : ids) {
    const std::string& piece = token(id);
    text += has_unknown() && id == unknown_id ? replacement : std::string_view(piece);
  }
  return text;
}

}  // namespace sluice::text
