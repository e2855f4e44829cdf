#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::io {

/// CRC-64/XZ of the bytes; to continue over several pieces, pass the value so far.
///
/// A checksum protects against damage, not against forgery: whoever can forge a file can recompute any
/// checksum stored in it, SHA-256 included. A CRC detects every single flipped bit and every burst of up to
/// 64 bits; any other error goes undetected with probability 2^-64. At eight bytes per table step it keeps up
/// with a disk, and it needs no further library.
std::uint64_t checksum(const void* bytes, std::size_t size, std::uint64_t so_far = 0);

}  // namespace sluice::io
