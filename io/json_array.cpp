#include <sluice/io/file.h>
#include <sluice/io/json_array.h>
#include <sluice/io/payload.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <utility>

namespace sluice::io {

void JsonArray::begin(std::string_view member) {
  const bool again =
      (member == "dtype" && dtype_) || (member == "shape" && shape_) || (member == "values" && has_values_);
  if (again) throw Refusal(fmt::format("'{}' has the member '{}' twice", name_, member));
  if (member != "values") return;
  if (!dtype_ || !shape_)
    throw Refusal(fmt::format("'{}' must have dtype and shape before its values", name_));
  has_values_ = true;
}

void JsonArray::set_dtype(std::string_view name) {
  for (const DType dtype : {DType::float32, DType::float64, DType::int32, DType::boolean}) {
    if (name_of(dtype) == name) dtype_ = dtype;
  }
  if (dtype_) return;
  throw Refusal(
      fmt::format("'{}' has an unknown dtype: '{}'; known are f32, f64, i32 and bool", name_, name));
}

void JsonArray::add_length(std::uint64_t length) {
  require_at_most(fmt::format("the rank of '{}'", name_), lengths_.size() + 1, max_rank_);
  require_at_most(fmt::format("the length of an axis of '{}'", name_), length, std::uint64_t{1} << 48);
  lengths_.push_back(static_cast<Index>(length));
}

void JsonArray::end_shape() { shape_ = Shape(std::span<const Index>(lengths_)); }

void JsonArray::add(bool value) {
  if (*dtype_ != DType::boolean) wrong_value(value ? "true" : "false");
  append(value);
}
void JsonArray::add(std::int64_t value) { add_integer(value); }
void JsonArray::add(std::uint64_t value) { add_integer(value); }

template <class T>
void JsonArray::add_integer(T value) {
  if (*dtype_ == DType::float32) {
    append(static_cast<float>(value));
  } else if (*dtype_ == DType::float64) {
    append(static_cast<double>(value));
  } else if (*dtype_ == DType::int32 && std::in_range<std::int32_t>(value)) {
    append(static_cast<std::int32_t>(value));
  } else {
    wrong_value(fmt::format("{}", value));
  }
}

// Parsed from the digits: via a double, a float could be rounded twice.
void JsonArray::add_digits(std::string digits) {
  std::replace(digits.begin(), digits.end(), ',', '.');  // the parser uses the decimal point of the locale
  if (*dtype_ == DType::float32) {
    append(parsed<float>(digits));
  } else if (*dtype_ == DType::float64) {
    append(parsed<double>(digits));
  } else {
    wrong_value(digits);
  }
}

void JsonArray::add_special(const std::string& text) {
  if (*dtype_ == DType::float32) {
    append(special<float, std::uint32_t>(text));
  } else if (*dtype_ == DType::float64) {
    append(special<double, std::uint64_t>(text));
  } else {
    wrong_value("\"" + text + "\"");
  }
}

template <class Real>
Real JsonArray::parsed(const std::string& digits) const {
  Real value = 0;
  const auto* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc() || stop != end) wrong_value(digits);
  return value;
}

template <class Real, class Bits>
Real JsonArray::special(const std::string& text) const {
  if (text == "inf") return std::numeric_limits<Real>::infinity();
  if (text == "-inf") return -std::numeric_limits<Real>::infinity();
  Real value = 0;
  if (text.starts_with("nan:")) {
    const std::uint64_t bits = hexadecimal(std::string_view(text).substr(4));
    if (!std::in_range<Bits>(bits)) wrong_value("\"" + text + "\"");
    const auto own = static_cast<Bits>(bits);
    std::memcpy(&value, &own, sizeof value);
  }
  if (!std::isnan(value)) wrong_value("\"" + text + "\"");
  return value;
}

template <class T>
void JsonArray::append(T value) {
  const std::size_t before = bytes_.size();
  if (before >= Spec{*dtype_, *shape_}.bytes()) {
    throw Refusal(fmt::format("'{}' has more values than its shape {} says", name_, shape_->text()));
  }
  bytes_.resize(before + sizeof value);
  std::memcpy(bytes_.data() + before, &value, sizeof value);
}

Array JsonArray::finish() const {
  if (!has_values_) {
    throw Refusal(fmt::format("'{}' lacks dtype, shape or values (an overview cannot be loaded)", name_));
  }
  const Spec spec{*dtype_, *shape_};
  if (bytes_.size() != spec.bytes()) {
    throw Refusal(fmt::format("'{}' {} must have {} values: got {}", name_, spec.text(), spec.shape.size(),
                              bytes_.size() / size_of(spec.dtype)));
  }
  Array array(spec);
  if (!bytes_.empty()) std::memcpy(array.data(), bytes_.data(), bytes_.size());
  return array;
}

void JsonArray::wrong_value(std::string_view value) const {
  throw Refusal(fmt::format("'{}' is {} and cannot have the value {}", name_, name_of(*dtype_), value));
}

std::uint64_t hexadecimal(std::string_view text) {
  std::uint64_t bits = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, bits, 16);
  if (error != std::errc() || stop != end) {
    throw Refusal(fmt::format("'{}' is no hexadecimal number of at most 16 digits", text));
  }
  return bits;
}

}  // namespace sluice::io
