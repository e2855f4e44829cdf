#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string_view>
#include <type_traits>

namespace sluice {

/// Element type of a Tensor. Parameters and activations are float32; float64 is for checking gradients, int32
/// for indices and keys, boolean (one byte) for the results of comparisons and the condition of `where`.
enum class DType : std::uint8_t { float32, float64, int32, boolean };

std::size_t size_of(DType dtype);       ///< bytes of one element
std::string_view name_of(DType dtype);  ///< "f32", "f64", "i32", "bool": as printed in graphs and errors
bool is_floating(DType dtype);          ///< floating-point: has a gradient
std::ostream& operator<<(std::ostream& out, DType dtype);  ///< its name

/// The DType of a C++ type: dtype_of<float> is DType::float32.
template <class T>
inline constexpr DType dtype_of = [] {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double> || std::is_same_v<T, std::int32_t> ||
                    std::is_same_v<T, bool>,
                "a tensor holds float, double, std::int32_t or bool");
  if constexpr (std::is_same_v<T, float>) return DType::float32;
  if constexpr (std::is_same_v<T, double>) return DType::float64;
  if constexpr (std::is_same_v<T, std::int32_t>) return DType::int32;
  return DType::boolean;
}();

/// A set of dtypes: f32 and f64; these and i32; bool only; all four.
enum class Domain : std::uint8_t { floating, numeric, boolean, any };

namespace detail {

bool includes(Domain domain, DType dtype);
std::string_view described(Domain domain);  ///< "a floating tensor (f32 or f64)": for errors

/// Throws Error unless elements that are asked for as `asked` are of that dtype.
[[noreturn]] void refuse_type(DType asked, DType dtype);
inline void require_type(DType asked, DType dtype) {
  if (asked != dtype) refuse_type(asked, dtype);
}
[[noreturn]] void refuse_floating(DType dtype);

}  // namespace detail

/// Calls f with a value of the C++ type of `dtype`: the one place where a dtype becomes a type.
template <class F>
decltype(auto) with_type(DType dtype, F&& f) {
  switch (dtype) {
    case DType::float64:
      return f(double{});
    case DType::int32:
      return f(std::int32_t{});
    case DType::boolean:
      return f(bool{});
    case DType::float32:
      break;
  }
  return f(float{});
}

/// The same for float and double. Throws Error for another dtype.
template <class F>
decltype(auto) with_floating(DType dtype, F&& f) {
  if (dtype == DType::float64) return f(double{});
  if (dtype != DType::float32) detail::refuse_floating(dtype);
  return f(float{});
}

}  // namespace sluice
