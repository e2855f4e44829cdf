#pragma once

#include <sluice/graph/op.h>

#include <array>
#include <optional>

namespace sluice::detail {

/// Distances in memory between neighbours along each axis, in elements. May be zero (broadcasting) or
/// negative.
using Strides = std::array<Index, Shape::max_rank>;

/// Those of dense, row-major memory.
Strides dense_strides(const Shape& shape);

/// The distance between the rows (last axis) of a part of memory that has these strides, where one number
/// says it: none where the rows lie irregularly, or the elements of a row are apart.
std::optional<Index> row_distance(const Shape& part, const Strides& strides);

/// Copies to[i . to_strides] = from[i . from_strides] for all i of the shape; what every op does that only
/// moves elements (transpose, broadcast_to, slice, flip, concat, pad, ...). `bytes` is the size of an
/// element: 1, 4 or 8. Does not allocate. No element may be written twice.
void copy_strided(const Shape& shape, std::size_t bytes, const void* from, const Strides& from_strides,
                  void* to, const Strides& to_strides);

/// The pointer `elements` elements further on.
inline const void* advanced(const void* data, Index elements, std::size_t bytes) {
  return static_cast<const char*>(data) + elements * static_cast<Index>(bytes);
}
inline void* advanced(void* data, Index elements, std::size_t bytes) {
  return static_cast<char*>(data) + elements * static_cast<Index>(bytes);
}

}  // namespace sluice::detail
