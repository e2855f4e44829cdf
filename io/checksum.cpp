#include <sluice/io/checksum.h>

#include <array>

namespace sluice::io {
namespace {

constexpr std::uint64_t polynomial = 0xC96C5795D7870F42;  // ECMA-182, bits reversed

/// tables[k][b]: the contribution of byte b to the remainder if k more bytes follow it.
using Tables = std::array<std::array<std::uint64_t, 256>, 8>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint64_t byte = 0; byte < 256; ++byte) {
    std::uint64_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) remainder = (remainder >> 1) ^ ((remainder & 1) * polynomial);
    tables[0][byte] = remainder;
  }
  for (std::size_t byte = 0; byte < 256; ++byte) {
    for (std::size_t k = 1; k < tables.size(); ++k) {
      const std::uint64_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr Tables tables = make_tables();

}  // namespace

std::uint64_t checksum(const void* bytes, std::size_t size, std::uint64_t so_far) {
  const auto* next = static_cast<const unsigned char*>(bytes);
  std::uint64_t remainder = ~so_far;
  for (; size >= 8; size -= 8, next += 8) {
    std::uint64_t word = 0;
    for (int i = 0; i < 8; ++i) word |= std::uint64_t{next[i]} << (8 * i);
    word ^= remainder;
    remainder = 0;
    for (std::size_t i = 0; i < 8; ++i) remainder ^= tables[7 - i][(word >> (8 * i)) & 0xFF];
  }
  for (; size > 0; --size, ++next) remainder = (remainder >> 8) ^ tables[0][(remainder ^ *next) & 0xFF];
  return ~remainder;
}

}  // namespace sluice::io
