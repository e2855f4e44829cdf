#pragma once

#include <sluice/graph/op.h>

#include <string>
#include <string_view>

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

/// How errors name the ids that an op looks up: whose they are, what they are, and what to do about one out
/// of range.
struct IdNames {
  // Literals: ops store them.
  std::string_view who;
  std::string_view what = "ids";
  std::string_view advice = "correct it, or enlarge what it chooses from";
  Index hidden_axes = 0;  ///< trailing axes of the ids that the user does not know of

  /// The names as an attribute of an op: "ids of take". The rest follows from who uses them.
  std::string attribute_text() const;
};

/// Throws the Error for number i of the ids, which is not in 0..length-1, naming its index.
[[noreturn]] void refuse_id(const View& ids, Index i, Index length, const IdNames& names);

/// Throws Error for the first id that is not in 0..length-1, naming its index.
void check_ids(const View& ids, Index length, const IdNames& names);
inline void check_ids(const View& ids, Index length, std::string_view who) {
  check_ids(ids, length, IdNames{who});
}

/// Throws ShapeError naming `who` unless the ids are i32.
void require_ids(const Spec& ids, std::string_view who);

}  // namespace sluice::detail
