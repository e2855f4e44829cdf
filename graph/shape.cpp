#include <sluice/graph/error.h>
#include <sluice/graph/shape.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace sluice {

Shape::Shape(std::initializer_list<Index> dims, Location where)
    : Shape(std::span(dims.begin(), dims.size()), where) {}

Shape::Shape(std::span<const Index> dims, Location where) : rank_(static_cast<Index>(dims.size())) {
  if (rank_ > max_rank) {
    throw ShapeError(fmt::format("[shape] a tensor has at most {} axes: got {}, {}; fold some into one",
                                 max_rank, rank_, dims),
                     where);
  }
  for (Index dim : dims) {
    if (dim < 0)
      throw ShapeError(fmt::format("[shape] a length cannot be negative: got {}; give 0 or more", dims),
                       where);
  }
  // Limits that keep every later product of lengths and bytes, including strides, far from overflow.
  const bool empty = std::find(dims.begin(), dims.end(), 0) != dims.end();
  const Index limit = Index{1} << (empty ? 56 : 48);
  Index size = 1;
  for (Index dim : dims) {
    if (dim > limit / size) {  // dividing cannot overflow, multiplying may
      throw ShapeError(
          empty ? fmt::format("[shape] the lengths beside one of 0 have at most 2^56 as their product: got "
                              "{}; make them smaller",
                              dims)
                : fmt::format("[shape] a tensor has at most 2^48 elements: got {}; make it smaller, or "
                              "work on parts of it",
                              dims),
          where);
    }
    size *= std::max<Index>(dim, 1);
  }
  std::copy(dims.begin(), dims.end(), dims_.begin());
}

Index Shape::size() const {
  Index size = 1;
  for (Index dim : *this) size *= dim;
  return size;
}

Shape Shape::with(Index axis, Index length) const {
  Shape copy = *this;
  copy.dims_[static_cast<std::size_t>(axis)] = length;
  return Shape(std::span(copy.begin(), copy.end()));
}

Shape Shape::inserted(Index axis, Index length) const {
  std::array<Index, max_rank + 1> dims{};
  std::copy(begin(), begin() + axis, dims.begin());
  dims[static_cast<std::size_t>(axis)] = length;
  std::copy(begin() + axis, end(), dims.begin() + axis + 1);
  return Shape(std::span(dims.data(), static_cast<std::size_t>(rank_ + 1)));
}

Shape Shape::erased(Index axis) const {
  Shape copy = *this;
  std::copy(begin() + axis + 1, end(), copy.dims_.begin() + axis);
  copy.dims_[static_cast<std::size_t>(--copy.rank_)] = 0;
  return axis < rank_ && dims_[static_cast<std::size_t>(axis)] == 0
             ? Shape(std::span(copy.begin(), copy.end()))
             : copy;
}

bool operator==(const Shape& a, const Shape& b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

std::string Shape::text() const { return fmt::format("[{}]", fmt::join(begin(), end(), ", ")); }

std::string Spec::text() const { return fmt::format("{}{}", name_of(dtype), shape.text()); }

Shape broadcast(const Shape& a, const Shape& b, std::string_view who) {
  const Shape& longer = a.rank() >= b.rank() ? a : b;
  const Shape& shorter = a.rank() >= b.rank() ? b : a;
  Shape result = longer;
  const Index offset = longer.rank() - shorter.rank();
  for (Index axis = 0; axis < shorter.rank(); ++axis) {
    const Index other = longer[axis + offset];
    const Index mine = shorter[axis];
    if (mine == other || mine == 1) continue;
    if (other != 1) {
      throw ShapeError(
          fmt::format("[{}] shapes must be equal or 1 on every axis, counted from the last: got {} "
                      "and {}; reshape or expand one of them",
                      who, a.text(), b.text()));
    }
    result = result.with(axis + offset, mine);
  }
  return result;
}

Index normal_axis(Index axis, Index rank, std::string_view who) {
  if (axis < -rank || axis >= rank) {
    throw ShapeError(
        rank == 0
            ? fmt::format("[{}] a scalar has no axes: got axis {}; reshape gives it some", who, axis)
            : fmt::format("[{}] axis must lie in {}..{} for a tensor of rank {}: got {}; the first is 0, "
                          "the last -1",
                          who, -rank, rank - 1, rank, axis));
  }
  return axis < 0 ? axis + rank : axis;
}

}  // namespace sluice
