#pragma once

#include <sluice/graph/op.h>

namespace sluice::detail {

/// A tensor seen along one axis: x[o, i, j] with o < outer, i < length, j < inner.
struct AlongAxis {
  AlongAxis(const Shape& shape, Index axis) : length(shape[axis]) {
    for (Index i = 0; i < axis; ++i) outer *= shape[i];
    for (Index i = axis + 1; i < shape.rank(); ++i) inner *= shape[i];
  }
  Index outer = 1;
  Index length;
  Index inner = 1;
};

/// Throws Error naming `who` and the first id that is not in 0..length-1, with its place among the ids.
void check_ids(const View& ids, Index length, std::string_view who);

/// Throws ShapeError naming `who` unless the ids are i32.
void require_ids(const Spec& ids, std::string_view who);

}  // namespace sluice::detail
