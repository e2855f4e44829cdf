#include <sluice/graph/constants.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sluice {

namespace {

bool fits_int32(double number) { return number >= -2147483648.0 && number <= 2147483647.0; }

Array converted(const Array& from, DType dtype) {
  if (from.dtype() == dtype) return from;
  Array to(Spec{dtype, from.shape()}, Location{});
  with_type(dtype, [&](auto type) {
    const auto values = to.values<decltype(type)>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double value = from.element(static_cast<Index>(i));
      require_number(value, dtype, "tensor", "the values of");
      values[i] = static_cast<decltype(type)>(value);
    }
  });
  return to;
}

}  // namespace

void detail::refuse_integer(const std::string& value, std::size_t place, Location where) {
  throw Error(fmt::format("[tensor] integers are kept in 32 bits: got {} at place {}; use smaller ones, or "
                          "make them double",
                          value, place),
              where);
}

void detail::refuse_ragged(const Shape& first, const Shape& row, std::size_t i, Location where) {
  throw ShapeError(
      fmt::format("[tensor] the rows in braces must have one shape: got {} in row {} after {} in "
                  "row 0; write as many numbers in each",
                  row.text(), i, first.text()),
      where);
}

ConstantValues::ConstantValues(const std::vector<bool>& values, Location where)
    : array_(Spec{DType::boolean, Shape{static_cast<Index>(values.size())}}, where), where_(where) {
  std::copy(values.begin(), values.end(), array_.values<bool>().begin());
}

Tensor tensor(const ConstantValues& values) { return Tensor(values.array()); }

Tensor tensor(const ConstantValues& values, const Shape& shape, Location where) {
  const detail::Call call("tensor", where);
  return Tensor(values.array().with_shape(shape));
}

Tensor tensor(const ConstantValues& values, const Shape& shape, DType dtype, Location where) {
  const detail::Call call("tensor", where);
  return Tensor(converted(values.array().with_shape(shape), dtype));
}

void require_number(double number, DType dtype, std::string_view who, std::string_view what, Location where) {
  const auto refuse = [&](std::string_view tensor, std::string_view rule, std::string_view advice) {
    throw ShapeError(
        fmt::format("[{}] {} {} tensor must {}: got {}; {}", who, what, tensor, rule, number, advice), where);
  };
  switch (dtype) {
    case DType::int32:
      if (number != std::floor(number) || !fits_int32(number))
        refuse("an i32", "be a 32-bit integer",
               "cast the tensor to a floating dtype first, or round the number");
      break;
    case DType::boolean:
      if (number != 0 && number != 1)
        refuse("a bool", "be 0 or 1", "cast the tensor first, or write true or false");
      break;
    case DType::float32:
      // Numbers from half an ulp above the largest float on round to infinity.
      if (std::isfinite(number) && std::abs(number) >= 0x1.ffffffp127)
        refuse("an f32", "lie within 3.4e38 of 0, or be infinite", "use an f64 tensor, or infinity");
      break;
    case DType::float64:
      break;
  }
}

Tensor full(const Shape& shape, double value, DType dtype, Location where) {
  const detail::Call call("full", where);
  require_number(value, dtype, "full", "the value of");
  Array array(Spec{dtype, shape});
  with_type(dtype, [&](auto type) {
    auto values = array.values<decltype(type)>();
    std::fill(values.begin(), values.end(), static_cast<decltype(type)>(value));
  });
  return Tensor(std::move(array));
}

Tensor zeros(const Shape& shape, DType dtype, Location where) {
  const detail::Call call("zeros", where);
  return full(shape, 0, dtype);
}
Tensor ones(const Shape& shape, DType dtype, Location where) {
  const detail::Call call("ones", where);
  return full(shape, 1, dtype);
}
Tensor zeros_like(const Tensor& x, Location where) {
  const detail::Call call("zeros_like", where);
  return full(x.shape(), 0, x.dtype());
}
Tensor ones_like(const Tensor& x, Location where) {
  const detail::Call call("ones_like", where);
  return full(x.shape(), 1, x.dtype());
}

Tensor arange(Index count, DType dtype, Location where) {
  const detail::Call call("arange", where);
  if (count < 0) {
    throw ShapeError(
        fmt::format("[arange] the count cannot be negative: got {}; give how many numbers there are", count));
  }
  const Index most = dtype == DType::int32     ? Index{1} << 31
                     : dtype == DType::float32 ? (Index{1} << 24) + 1
                     : dtype == DType::boolean ? 2
                                               : (Index{1} << 53) + 1;
  if (count > most) {
    throw ShapeError(fmt::format("[arange] {} has the whole numbers 0 to {} only: got a count of {}; use {}",
                                 name_of(dtype), most - 1, count, dtype == DType::float64 ? "less" : "f64"));
  }
  Array array(Spec{dtype, Shape{count}});
  with_type(dtype, [&](auto type) {
    auto values = array.values<decltype(type)>();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<decltype(type)>(i);
  });
  return Tensor(std::move(array));
}

}  // namespace sluice
