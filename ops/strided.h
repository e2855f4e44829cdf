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

/// The distance between the rows (last axis) of a part of memory with these strides; none if it is not
/// uniform or the elements of a row are not contiguous.
std::optional<Index> row_distance(const Shape& part, const Strides& strides);

/// Copies to[i . to_strides] = from[i . from_strides] for all i of the shape: the implementation of every op
/// that only moves elements (transpose, broadcast_to, slice, flip, concat, pad, ...). `bytes` is the size of
/// an element: 1, 4 or 8. Does not allocate. No element may be written twice.
void copy_strided(const Shape& shape, std::size_t bytes, const void* from, const Strides& from_strides,
                  void* to, const Strides& to_strides);

/// The pointer advanced by `elements` elements.
inline const void* advanced(const void* data, Index elements, std::size_t bytes) {
  return static_cast<const char*>(data) + elements * static_cast<Index>(bytes);
}
inline void* advanced(void* data, Index elements, std::size_t bytes) {
  return static_cast<char*>(data) + elements * static_cast<Index>(bytes);
}

}  // namespace sluice::detail
