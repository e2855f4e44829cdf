#pragma once

#include <sluice/graph/dtype.h>
#include <sluice/graph/error.h>
#include <sluice/kernels/index.h>

#include <array>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

namespace sluice {

/// The lengths of a tensor's axes, outermost first; a scalar has none. Memory is always row-major and dense.
/// At most `max_rank` axes, held inline so that building a node does not allocate for them.
class Shape {
 public:
  static constexpr Index max_rank = 8;

  Shape() = default;
  /// Throws ShapeError for a negative length, more than max_rank axes or more than 2^48 elements. If a length
  /// is 0, the product of the others is at most 2^56.
  Shape(std::initializer_list<Index> dims, Location where = Location::current());
  explicit Shape(std::span<const Index> dims, Location where = Location::current());

  Index rank() const { return rank_; }
  Index operator[](Index axis) const { return dims_[static_cast<std::size_t>(axis)]; }
  Index back() const { return dims_[static_cast<std::size_t>(rank_ - 1)]; }
  /// Number of elements: the product of the lengths, 1 for a scalar.
  Index size() const;
  const Index* begin() const { return dims_.data(); }
  const Index* end() const { return dims_.data() + rank_; }

  /// Copies with one axis changed, inserted before `axis`, or removed.
  Shape with(Index axis, Index length) const;
  Shape inserted(Index axis, Index length) const;
  Shape erased(Index axis) const;

  friend bool operator==(const Shape& a, const Shape& b);
  std::string text() const;  ///< "[2, 3]"

 private:
  std::array<Index, max_rank> dims_{};
  Index rank_ = 0;
};

/// Dtype and shape: all that is known of a tensor before it has a value.
struct Spec {
  DType dtype = DType::float32;
  Shape shape;

  std::size_t bytes() const { return static_cast<std::size_t>(shape.size()) * size_of(dtype); }
  std::string text() const;  ///< "f32[2, 3]"
  friend bool operator==(const Spec& a, const Spec& b) { return a.dtype == b.dtype && a.shape == b.shape; }
};

std::ostream& operator<<(std::ostream& out, const Shape& shape);  ///< shape.text()
std::ostream& operator<<(std::ostream& out, const Spec& spec);    ///< spec.text()

/// NumPy's rule: shapes are aligned at the last axis, and lengths must be equal or one of them 1.
/// Throws ShapeError naming `who` and both shapes.
Shape broadcast(const Shape& a, const Shape& b, std::string_view who);

/// Turns an axis that may count from the end (-1 is the last) into 0..rank-1; throws ShapeError out of range.
Index normal_axis(Index axis, Index rank, std::string_view who);

}  // namespace sluice
