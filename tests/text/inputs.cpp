#include "text/inputs.h"

#include <unistd.h>
#include <zlib.h>

#include <array>
#include <fstream>
#include <random>

#include <sluice/text/utf8.h>

namespace fs = std::filesystem;

namespace inputs {

Folder::Folder() : path_(fs::temp_directory_path() / ("sluice_text_" + std::to_string(::getpid()))) {
  fs::remove_all(path_);
  fs::create_directories(path_);
}

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path Folder::write(const std::string& name, std::string_view bytes) const {
  fs::path file = path_ / name;
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
  return file;
}

std::string story(int sentences, unsigned seed) {
  constexpr std::array nouns{"miller", "river", "lantern", "heron", "kettle", "bridge", "clock"};
  constexpr std::array verbs{"found", "carried", "followed", "mended", "watched"};
  std::mt19937 random(seed);
  const auto one_of = [&](const auto& words) { return std::string(words[random() % words.size()]); };
  std::string text;
  for (int i = 0; i < sentences; ++i) {
    text += "The " + one_of(nouns) + " " + one_of(verbs) + " the " + one_of(nouns) + ".\n";
  }
  return text;
}

std::string gzipped(std::string_view bytes) {
  z_stream stream{};
  ::deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  std::string in(bytes);
  std::string out(::deflateBound(&stream, static_cast<uLong>(in.size())) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  ::deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

std::string utf16(std::string_view text, bool little_end_first, bool marked) {
  std::string bytes;
  const auto put = [&](char32_t unit) {
    const auto low = static_cast<char>(unit & 0xFF);
    const auto high = static_cast<char>(unit >> 8);
    bytes += little_end_first ? low : high;
    bytes += little_end_first ? high : low;
  };
  if (marked) put(0xFEFF);
  for (const char32_t c : sluice::text::decode_utf8(text)) {
    if (c < 0x10000) {
      put(c);
    } else {
      put(0xD800 + ((c - 0x10000) >> 10));
      put(0xDC00 + ((c - 0x10000) & 0x3FF));
    }
  }
  return bytes;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
  return text;
}

}  // namespace inputs
