#pragma once
/// A range of columns of the left operand of a packed product.

#include <cstdint>

namespace sluice::kernels {

/// Rows of a matrix whose columns follow those of the part before, as if all parts were concatenated to one
/// matrix. `stride` is the distance between the starts of two rows.
template <class T>
struct LeftPart {
  const T* data;
  std::int64_t stride;
  std::int64_t columns;
};

}  // namespace sluice::kernels
