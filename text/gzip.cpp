#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include <sluice/text/gzip.h>

namespace sluice::text {
namespace {

constexpr std::size_t most_at_once = std::size_t{1} << 20;  // zlib counts in 32 bits

/// A decompressor of zlib, ended with it.
class Inflater {
 public:
  Inflater() : state_(::inflateInit2(&stream_, MAX_WBITS + 16)) {}  // 16: gzip
  ~Inflater() { ::inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Appends the content of the member at the start of `rest`, which moves behind it. Returns whether it is
  /// whole; else `rest` is where the trouble was met.
  bool add_member(std::string_view& rest, std::string& content) {
    if (state_ == Z_OK || state_ == Z_STREAM_END) state_ = ::inflateReset(&stream_);
    while (state_ == Z_OK) {
      const std::size_t given = std::min(rest.size(), most_at_once);
      // zlib reads what it calls not const.
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest.data()));
      stream_.avail_in = static_cast<uInt>(given);
      stream_.next_out = reinterpret_cast<Bytef*>(piece_.data());
      stream_.avail_out = static_cast<uInt>(piece_.size());
      state_ = ::inflate(&stream_, Z_NO_FLUSH);
      rest.remove_prefix(given - stream_.avail_in);
      content.append(piece_.data(), piece_.size() - stream_.avail_out);
    }
    return state_ == Z_STREAM_END;
  }

  /// Whether nothing was wrong but that there was no more to read.
  bool wants_more() const { return state_ == Z_BUF_ERROR; }
  std::string_view trouble() const {
    return stream_.msg != nullptr ? stream_.msg : state_ == Z_MEM_ERROR ? "no memory" : "not gzip";
  }

 private:
  z_stream stream_{};
  int state_;
  std::array<char, std::size_t{1} << 16> piece_{};
};

}  // namespace

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1F\x8B\x08"); }

Unzipped gunzip(std::string_view bytes) {
  Unzipped result;
  Inflater inflater;
  std::string_view rest = bytes;
  do {
    if (!inflater.add_member(rest, result.bytes)) {
      const std::size_t at = bytes.size() - rest.size();
      return {"", inflater.wants_more() ? fmt::format("cut off at byte {}", at)
                                        : fmt::format("damaged near byte {} ({})", at, inflater.trouble())};
    }
  } while (is_gzip(rest));
  if (rest.find_first_not_of('\0') != std::string_view::npos) {
    return {"",
            fmt::format("damaged near byte {} (no gzip behind the last member)", bytes.size() - rest.size())};
  }
  return result;
}

}  // namespace sluice::text
