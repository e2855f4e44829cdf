#include <sluice/io/checksum.h>
#include <sluice/io/envelope.h>
#include <sluice/io/payload.h>
#include <sluice/io/streams.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice::io {
namespace {

// As in PNG: no text starts with 0x89, the carriage return and line feed do not survive a transfer as text,
// 0x1A ends a listing on a terminal that knows it.
constexpr std::array<unsigned char, 8> magic{0x89, 'S', 'L', 'C', '\r', '\n', 0x1A, '\n'};

// Offsets of the fields; docs/checkpoint.md has the table.
constexpr std::size_t format_at = 8;
constexpr std::size_t flags_at = 12;
constexpr std::size_t version_at = 16;
constexpr std::size_t version_size = 16;
constexpr std::size_t size_at = 32;
constexpr std::size_t sum_at = 40;
constexpr std::size_t header_sum_at = 48;

static_assert(version.size() <= version_size);

void put(HeaderBytes& bytes, std::size_t at, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<unsigned char>(value >> (8 * i));
}

std::uint64_t take(const HeaderBytes& bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value |= std::uint64_t{bytes[at + i]} << (8 * i);
  return value;
}

}  // namespace

bool is_checkpoint(std::string_view bytes) {
  return bytes.size() >= magic.size() &&
         std::equal(magic.begin(), magic.end(), bytes.begin(),
                    [](unsigned char a, char b) { return a == static_cast<unsigned char>(b); });
}

namespace {

void require_magic(const HeaderBytes& bytes, std::size_t size) {
  const auto* end = magic.begin() + std::min(size, magic.size());
  if (std::equal(magic.begin(), end, bytes.begin()) && size >= header_size) return;
  if (size > 0 && std::equal(magic.begin(), end, bytes.begin())) {
    throw Refusal(
        fmt::format("the file is cut short: it has {} bytes, a checkpoint at least {}; copy it again or use "
                    "an earlier one",
                    size, header_size));
  }
  if (size >= 4 && std::equal(magic.begin(), magic.begin() + 4, bytes.begin())) {
    throw Refusal(
        "the file was damaged on its way, as by a transfer as text (line ends were changed); copy it as "
        "binary");
  }
  throw Refusal("the file is no checkpoint: it does not start as one; was another file meant?");
}

}  // namespace

Header header_for(const Checkpoint& checkpoint) {
  Header header;
  Sink sink([&](const char* bytes, std::size_t size) {
    header.size += size;
    header.sum = checksum(bytes, size, header.sum);
  });
  write_payload(sink, checkpoint);
  return header;
}

HeaderBytes encode(const Header& header) {
  HeaderBytes bytes{};
  std::copy(magic.begin(), magic.end(), bytes.begin());
  put(bytes, format_at, header.format, 4);
  std::copy_n(header.library_version.begin(), std::min(header.library_version.size(), version_size),
              bytes.begin() + version_at);
  put(bytes, size_at, header.size, 8);
  put(bytes, sum_at, header.sum, 8);
  put(bytes, header_sum_at, checksum(bytes.data(), header_sum_at), 8);
  return bytes;
}

void require_known(std::uint32_t format, const std::string& library_version) {
  if (format == checkpoint_format) return;
  throw Refusal(
      fmt::format("the file has format {}, written by Sluice {}; this is Sluice {}, which reads format {}{}",
                  format, library_version, version, checkpoint_format,
                  format > checkpoint_format ? "; use the newer library" : ""));
}

Header verify(InputFile& file, const Limits& limits) {
  HeaderBytes bytes{};
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), header_size));
  file.read(bytes.data(), size, 0);
  require_magic(bytes, size);
  if (checksum(bytes.data(), header_sum_at) != take(bytes, header_sum_at, 8)) {
    throw Refusal(
        fmt::format("the header is damaged: its checksum is {:016x}, the file says {:016x}; copy the file "
                    "again or use an earlier one",
                    checksum(bytes.data(), header_sum_at), take(bytes, header_sum_at, 8)));
  }
  Header header;
  header.format = static_cast<std::uint32_t>(take(bytes, format_at, 4));
  const auto* text = bytes.begin() + version_at;
  header.library_version = std::string(text, std::find(text, text + version_size, 0));
  header.size = take(bytes, size_at, 8);
  header.sum = take(bytes, sum_at, 8);
  require_known(header.format, header.library_version);
  if (const auto flags = take(bytes, flags_at, 4); flags != 0) {
    throw Refusal(
        fmt::format("the header has flags that format {} does not know: {:#x}", header.format, flags));
  }
  require_at_most("the bytes of the file", file.size(), limits.bytes);
  const std::uint64_t rest = file.size() - header_size;
  if (rest != header.size) {
    throw Refusal(
        fmt::format("the file is {}: {} bytes should follow the header, {} do; copy it again or use an "
                    "earlier one",
                    rest < header.size ? "cut short" : "too long", header.size, rest));
  }
  if (const auto sum = Source(file, header_size, file.size()).finish(); sum != header.sum) {
    throw Refusal(
        fmt::format("the contents are damaged: their checksum is {:016x}, the header says {:016x}; copy the "
                    "file again or use an earlier one",
                    sum, header.sum));
  }
  return header;
}

}  // namespace sluice::io
