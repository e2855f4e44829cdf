#pragma once

#include <sluice/io/checkpoint.h>
#include <sluice/io/file.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

/// The header of a checkpoint file: the same 56 bytes in every present and future format.
namespace sluice::io {

struct Header {
  std::uint32_t format = checkpoint_format;
  std::string library_version = std::string(version);  ///< at most 16 bytes
  std::uint64_t size = 0;                              ///< bytes of the contents that follow
  std::uint64_t sum = 0;                               ///< and their checksum
};

inline constexpr std::size_t header_size = 56;
using HeaderBytes = std::array<unsigned char, header_size>;

/// The header of a checkpoint, with the size and checksum of its contents.
Header header_for(const Checkpoint& checkpoint);

HeaderBytes encode(const Header& header);

/// Reads and verifies the header, that the file has the stated length and a known format, and the checksum of
/// the contents. Throws Refusal.
Header verify(InputFile& file, const Limits& limits);

/// Throws Refusal, naming the library that wrote the file, if its format is newer than ours.
void require_known(std::uint32_t format, const std::string& library_version);

}  // namespace sluice::io
