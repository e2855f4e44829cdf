#pragma once

#include <sluice/graph/tensor.h>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace sluice {

namespace detail {

template <class T>
concept Character = std::is_same_v<T, char> || std::is_same_v<T, wchar_t> || std::is_same_v<T, char8_t> ||
    std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>;
template <class T>
concept Number = std::is_same_v<T, float> || std::is_same_v<T, double> ||(std::integral<T> && !Character<T>);

/// A Location that braces are never taken for: the {0} of tensor<float>({}, {0}) is a Shape.
struct Line {
  Line(Location line) : where(line) {}
  Location where;
};

[[noreturn]] void refuse_integer(const std::string& value, std::size_t place, Location where);
[[noreturn]] void refuse_ragged(const Shape& first, const Shape& row, std::size_t i, Location where);

/// A one-dimensional Array of these numbers.
template <Number T>
Array array_of(std::span<const T> values, Location where) {
  const Shape shape{static_cast<Index>(values.size())};
  if constexpr (std::integral<T> && !std::is_same_v<T, bool> && !std::is_same_v<T, std::int32_t>) {
    Array array(Spec{DType::int32, shape}, where);
    const std::span<std::int32_t> narrow = array.values<std::int32_t>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      narrow[i] = static_cast<std::int32_t>(values[i]);
      if (!std::cmp_equal(narrow[i], values[i])) refuse_integer(std::to_string(values[i]), i, where);
    }
    return array;
  } else {
    return Array::of(values, shape, where);
  }
}

/// Appends the numbers in braces to `all` and returns the shape of the braces.
template <class T>
Shape flatten(std::initializer_list<T> values, std::vector<T>& all, Location) {
  all.insert(all.end(), values.begin(), values.end());
  return {static_cast<Index>(values.size())};
}
template <class Row, class T>
Shape flatten(std::initializer_list<std::initializer_list<Row>> rows, std::vector<T>& all, Location where) {
  Shape first{0};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Shape row = flatten(rows.begin()[i], all, where);
    if (i == 0) first = row;
    if (row != first) refuse_ragged(first, row, i, where);
  }
  return first.inserted(0, static_cast<Index>(rows.size()));
}

}  // namespace detail

/// The numbers that a constant is made of: a std::vector, std::span, std::array or other contiguous range, or
/// braces. float, double, bool and std::int32_t keep their type; integers of other types become i32. Copies
/// the numbers and remembers the caller's line. Throws Error for an integer beyond 32 bits.
class ConstantValues {
 public:
  template <std::ranges::contiguous_range R>
  requires detail::Number<std::ranges::range_value_t<R>> ConstantValues(const R& values,
                                                                        Location where = Location::current())
      : array_(detail::array_of(std::span<const std::ranges::range_value_t<R>>(values), where)),
        where_(where) {}
  template <detail::Number T>
  ConstantValues(std::initializer_list<T> values, Location where = Location::current())
      : array_(detail::array_of(std::span<const T>(values.begin(), values.size()), where)), where_(where) {}
  ConstantValues(const std::vector<bool>& values, Location where = Location::current());

  const Array& array() const { return array_; }  ///< one-dimensional
  Location where() const { return where_; }

 private:
  Array array_;
  Location where_;
};

/// A constant that holds values: tensor(ids) with one axis, tensor(weights, {3, 4}) with the axes of a shape.
/// Throws ShapeError if the number of values is not the size of the shape.
Tensor tensor(const ConstantValues& values);
Tensor tensor(const ConstantValues& values, const Shape& shape, Location where = Location::current());
/// The same in another dtype: tensor(doubles, {3, 4}, DType::float32). Rounds to f32. Throws ShapeError for a
/// value that the dtype cannot represent (see require_number).
Tensor tensor(const ConstantValues& values, const Shape& shape, DType dtype,
              Location where = Location::current());
template <std::same_as<DType> D>  // a template, or the {} of tensor({7.0}, {}) would be a DType
Tensor tensor(const ConstantValues& values, D dtype) {
  return tensor(values, values.array().shape(), dtype, values.where());
}
/// Numbers in braces, of the type of the literals or the one that is named: tensor({1.f, 2.f}) is f32[2],
/// tensor<float>({1, 2}) too, tensor({1, 2}) is i32[2] and tensor({1.0, 2.0}) f64[2].
template <detail::Number T>
Tensor tensor(std::initializer_list<T> values) {
  return tensor(ConstantValues(values, Location{}));
}
template <detail::Number T>
Tensor tensor(std::initializer_list<T> values, const Shape& shape, Location where = Location::current()) {
  return tensor(ConstantValues(values, where), shape, where);
}
/// Rows in braces: tensor({{1.f, 2.f}, {3.f, 4.f}}) is f32[2, 2]; and matrices. Throws ShapeError for rows of
/// different lengths.
template <detail::Number T>
Tensor tensor(std::initializer_list<std::initializer_list<T>> rows, detail::Line line = Location::current()) {
  std::vector<T> all;
  const Shape shape = detail::flatten(rows, all, line.where);
  return tensor(ConstantValues(all, line.where), shape, line.where);
}
template <detail::Number T>
Tensor tensor(std::initializer_list<std::initializer_list<std::initializer_list<T>>> matrices,
              detail::Line line = Location::current()) {
  std::vector<T> all;
  const Shape shape = detail::flatten(matrices, all, line.where);
  return tensor(ConstantValues(all, line.where), shape, line.where);
}

/// One value everywhere. Throws ShapeError for one that the dtype cannot represent (see require_number),
/// Error for a tensor larger than the memory of the machine.
Tensor full(const Shape& shape, double value, DType dtype = DType::float32,
            Location where = Location::current());
Tensor zeros(const Shape& shape, DType dtype = DType::float32, Location where = Location::current());
Tensor ones(const Shape& shape, DType dtype = DType::float32, Location where = Location::current());
Tensor zeros_like(const Tensor& x, Location where = Location::current());
Tensor ones_like(const Tensor& x, Location where = Location::current());
/// 0, 1, ..., count - 1, all of which the dtype must represent exactly: i32 up to 2^31 - 1, f32 up to 2^24.
/// Throws ShapeError.
Tensor arange(Index count, DType dtype = DType::int32, Location where = Location::current());

/// Throws ShapeError "[who] what ..." unless the dtype can represent the number: a 32-bit integer for i32, 0
/// or 1 for bool, and for f32 anything but finite numbers beyond its range. Rounding is allowed.
void require_number(double number, DType dtype, std::string_view who, std::string_view what,
                    Location where = {});

}  // namespace sluice
