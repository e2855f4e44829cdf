#pragma once
/// The signed integer for elements, rows and columns throughout the library. Signed, so that differences and
/// loops that count down are safe; 64 bits, so that no product of two sizes that fit in memory overflows.

#include <cstdint>

namespace sluice {

using Index = std::int64_t;

}  // namespace sluice
