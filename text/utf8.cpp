#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>

#include <sluice/graph/call.h>
#include <sluice/graph/error.h>
#include <sluice/text/utf8.h>

namespace sluice::text {
namespace {

/// The character at the start of a text. `length` counts its bytes or, if it is truncated or invalid, those
/// that could have begun one (at least 1).
struct Character {
  enum class State { whole, cut_off, invalid } state;
  char32_t code_point;
  std::size_t length;
  std::string_view reason;
};

/// Properties of a first byte: the length of the character and the range of its second byte, which excludes
/// overlong forms, surrogates and code points above U+10FFFF.
struct Lead {
  std::size_t length;  // 0: no character starts with this byte
  unsigned char low, high;
  std::string_view reason;  // why a continuation byte outside low..high is wrong
};

Lead lead_of(unsigned char byte) {
  if (byte < 0x80) return {1, 0, 0, ""};
  if (byte < 0xC0) return {0, 0, 0, "a continuation byte without a first byte"};
  if (byte < 0xC2) return {0, 0, 0, "an overlong form"};
  if (byte < 0xE0) return {2, 0x80, 0xBF, ""};
  if (byte == 0xE0) return {3, 0xA0, 0xBF, "an overlong form"};
  if (byte == 0xED) return {3, 0x80, 0x9F, "a surrogate"};
  if (byte < 0xF0) return {3, 0x80, 0xBF, ""};
  if (byte == 0xF0) return {4, 0x90, 0xBF, "an overlong form"};
  if (byte < 0xF4) return {4, 0x80, 0xBF, ""};
  if (byte == 0xF4) return {4, 0x80, 0x8F, "above U+10FFFF"};
  return {0, 0, 0, byte < 0xF8 ? "above U+10FFFF" : "a byte that UTF-8 never uses"};
}

Character read(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const Lead lead = lead_of(byte(0));
  if (lead.length == 0) return {Character::State::invalid, 0, 1, lead.reason};
  if (lead.length == 1) return {Character::State::whole, byte(0), 1, ""};
  char32_t code_point = byte(0) & (0x7FU >> lead.length);
  for (std::size_t i = 1; i < lead.length; ++i) {
    if (i == text.size()) return {Character::State::cut_off, 0, i, "the text ends inside a character"};
    if (!continues_character(text[i]))
      return {Character::State::invalid, 0, i, "a continuation byte is missing"};
    if (i == 1 && (byte(1) < lead.low || byte(1) > lead.high)) {
      return {Character::State::invalid, 0, 1, lead.reason};
    }
    code_point = code_point << 6 | (byte(i) & 0x3FU);
  }
  return {Character::State::whole, code_point, lead.length, ""};
}

[[noreturn]] void reject(std::string_view text, std::size_t position, std::string_view reason) {
  const auto first = static_cast<unsigned char>(text[position]);
  const std::size_t meant = first < 0xC0 || first > 0xF7 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  std::string hex;
  for (const char c : text.substr(position, meant)) {
    fmt::format_to(std::back_inserter(hex), " {:02x}", static_cast<unsigned char>(c));
  }
  const auto before = text.substr(0, position);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  throw Error(fmt::format(
      "[utf8] a text must be valid UTF-8: got{} at byte {} in line {}, {}; convert the text to UTF-8 "
      "or use byte tokens",
      hex, position, line, reason));
}

}  // namespace

char32_t next_code_point(std::string_view text, std::size_t& position, Location where) {
  const sluice::detail::Call call(where);
  const Character character = read(text.substr(position));
  if (character.state != Character::State::whole) reject(text, position, character.reason);
  position += character.length;
  return character.code_point;
}

std::u32string decode_utf8(std::string_view text, Location where) {
  const sluice::detail::Call call(where);
  std::u32string out;
  for (std::size_t position = 0; position < text.size();) out += next_code_point(text, position);
  return out;
}

std::string encode_utf8(char32_t code_point, Location where) {
  const sluice::detail::Call call(where);
  const auto value = static_cast<std::uint32_t>(code_point);
  if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
    throw Error(
        fmt::format("[utf8] a character must be U+0000..U+10FFFF and no surrogate (U+D800..U+DFFF): "
                    "got U+{:04X}; leave it out",
                    value));
  }
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | (value >> shift & 0x3F)); };
  if (value < 0x80) return {static_cast<char>(value)};
  if (value < 0x800) return {static_cast<char>(0xC0 | value >> 6), tail(0)};
  if (value < 0x10000) return {static_cast<char>(0xE0 | value >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | value >> 18), tail(12), tail(6), tail(0)};
}

std::size_t valid_prefix(std::string_view bytes) {
  std::size_t position = 0;
  while (position < bytes.size()) {
    // Most of most texts is ASCII, which is valid eight bytes at a time.
    std::uint64_t eight = 0;
    if (position + sizeof eight <= bytes.size()) {
      std::memcpy(&eight, bytes.data() + position, sizeof eight);
      if ((eight & 0x8080808080808080U) == 0) {
        position += sizeof eight;
        continue;
      }
    }
    const Character character = read(bytes.substr(position));
    if (character.state != Character::State::whole) break;
    position += character.length;
  }
  return position;
}

std::string Utf8Stream::push(std::string_view bytes) {
  pending_ += bytes;
  std::string out;
  std::string_view rest = pending_;
  while (!rest.empty()) {
    const Character character = read(rest);
    if (character.state == Character::State::cut_off) break;
    const bool whole = character.state == Character::State::whole;
    out += whole ? rest.substr(0, character.length) : replacement;
    rest.remove_prefix(character.length);
  }
  pending_ = std::string(rest);
  return out;
}

std::string Utf8Stream::finish() {
  const bool nothing = pending_.empty();
  pending_.clear();
  return std::string(nothing ? std::string_view() : replacement);
}

}  // namespace sluice::text
