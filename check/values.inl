#pragma once

// Comparison of values in memory, for this room.

#include <sluice/graph/tensor.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::detail {

inline constexpr Index steps = 3;  // of the loops in which ops are tested

/// The position of an element: "[0, 2]".
inline std::string position_text(const Shape& shape, Index element) {
  std::vector<Index> position(static_cast<std::size_t>(shape.rank()));
  for (Index axis = shape.rank() - 1; axis >= 0; --axis) {
    position[static_cast<std::size_t>(axis)] = element % shape[axis];
    element /= shape[axis];
  }
  return fmt::format("{}", position);
}

/// Irregular numbers between 0.5 and 1.5, as seed of a gradient.
inline Tensor seed_for(const Spec& spec) {
  Array array(spec);
  with_type(spec.dtype, [&](auto type) {
    using T = decltype(type);
    double turns = 0;
    for (T& value : array.values<T>()) {
      turns += 0.6180339887498949;
      value = static_cast<T>(0.5 + turns - std::floor(turns));
    }
  });
  return Tensor(std::move(array));
}

inline Specs specs_of(const Tensors& tensors) {
  Specs specs;
  for (const Tensor& tensor : tensors) specs.push_back(tensor.spec());
  return specs;
}

/// The same elements rotated by `by`: other values, usually as valid as the original ones.
inline Array rotated(const Array& array, Index by) {
  Array result(array.spec());
  if (array.bytes() == 0) return result;
  const std::size_t first = static_cast<std::size_t>(by % array.shape().size()) * size_of(array.dtype());
  const auto* from = static_cast<const std::byte*>(array.data());
  std::rotate_copy(from, from + first, from + array.bytes(), static_cast<std::byte*>(result.data()));
  return result;
}

/// Arrays of one spec along a new axis 0.
inline Array stacked(const Arrays& arrays) {
  const Spec& one = arrays.front().spec();
  Array result(Spec{one.dtype, one.shape.inserted(0, static_cast<Index>(arrays.size()))});
  auto* to = static_cast<std::byte*>(result.data());
  for (const Array& array : arrays) {
    if (array.bytes() > 0) std::memcpy(to, array.data(), array.bytes());
    to += array.bytes();
  }
  return result;
}

/// An element that differs.
struct Difference {
  Index element = 0;
  double got = 0;
  double expected = 0;
};

/// The first element that differs by more than rounding: |got - expected| <= 1e-9 (float32: 1e-5) times the
/// largest expected element, or times 1. Non-finite values may differ in kind, since sums may be reordered;
/// integers and booleans must be equal.
inline std::optional<Difference> difference(const Array& got, const Array& expected) {
  double tolerance = expected.dtype() == DType::float32 ? 1e-5 : 1e-9;
  if (!is_floating(expected.dtype())) tolerance = 0;
  const Index size = expected.shape().size();
  double scale = 1;
  for (Index k = 0; k < size; ++k) {
    const double e = expected.element(k);
    if (std::isfinite(e)) scale = std::max(scale, std::abs(e));
  }
  for (Index k = 0; k < size; ++k) {
    const double g = got.element(k);
    const double e = expected.element(k);
    const bool alike =
        g == e || std::abs(g - e) <= tolerance * scale || (!std::isfinite(g) && !std::isfinite(e));
    if (!alike) return Difference{k, g, e};
  }
  return std::nullopt;
}

}  // namespace sluice::detail
