#pragma once

#include <string>
#include <string_view>

namespace sluice::text {

/// Whether bytes begin as a gzip file with deflated content does: 1f 8b 08.
bool is_gzip(std::string_view bytes);

/// The content of a gzip file, or why there is none.
struct Unzipped {
  std::string bytes;
  /// "cut off at byte 1200", "damaged near byte 7 (invalid block type)", ...; else empty.
  std::string why_not;
};

/// Decompresses a gzip file (RFC 1952) by zlib, which checks its checksums: all of its members, one behind
/// the other; zero bytes behind the last, with which tapes are filled up, are left out. Takes little memory
/// but the content's. Refuses nothing: what is wrong with the bytes is in the result.
Unzipped gunzip(std::string_view bytes);

}  // namespace sluice::text
