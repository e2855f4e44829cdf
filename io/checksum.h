#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::io {

/// CRC-64/XZ of the bytes; to go on over several pieces, give the value so far.
///
/// A checksum is there against damage, not against forgery: whoever can forge a file can compute any sum that
/// is stored in it, SHA-256 as well. Against damage a CRC is the strongest sum of its length: it finds every
/// single flipped bit and every run of damage up to 64 bits for certain, everything else but for one case in
/// 2^64, and eight bytes at a time it keeps up with a disk. It needs no further library.
std::uint64_t checksum(const void* bytes, std::size_t size, std::uint64_t so_far = 0);

}  // namespace sluice::io
