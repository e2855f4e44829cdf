#pragma once

#include <sluice/graph/shape.h>
#include <sluice/kernels/buffer.h>

#include <memory>
#include <span>
#include <vector>

namespace sluice {

/// A value in memory: a Spec and the shared buffer that holds it. Copies share the buffer; only its creator
/// writes to it, before anybody else sees it.
class Array {
 public:
  Array() = default;
  /// Uninitialised memory. Throws Error "[memory] ..." with the spec and its size in bytes if the machine
  /// does not have that much.
  explicit Array(Spec spec, Location where = Location::current());

  /// An Array of these values of type T; throws ShapeError if their number is not shape.size().
  template <class T>
  static Array of(std::span<const T> values, const Shape& shape, Location where = Location::current()) {
    return copy_of(values.data(), values.size(), {dtype_of<T>, shape}, where);
  }

  bool defined() const { return buffer_ != nullptr; }
  const Spec& spec() const { return spec_; }
  const Shape& shape() const { return spec_.shape; }
  DType dtype() const { return spec_.dtype; }
  std::size_t bytes() const { return spec_.bytes(); }

  /// Null for an undefined Array.
  void* data() { return buffer_ == nullptr ? nullptr : buffer_->data(); }
  const void* data() const { return buffer_ == nullptr ? nullptr : buffer_->data(); }

  /// The elements as values of type T; throws ShapeError if T is not the dtype.
  template <class T>
  std::span<const T> values(Location where = Location::current()) const {
    require_dtype(dtype_of<T>, where);
    return {static_cast<const T*>(data()), static_cast<std::size_t>(spec_.shape.size())};
  }
  template <class T>
  std::span<T> values(Location where = Location::current()) {
    require_dtype(dtype_of<T>, where);
    return {static_cast<T*>(data()), static_cast<std::size_t>(spec_.shape.size())};
  }
  double element(Index i) const;  ///< the i-th element in memory order, whatever its dtype

  Array clone() const;  ///< the same values in a buffer of its own
  /// The same buffer as another shape; throws ShapeError if that has another number of elements.
  Array with_shape(const Shape& shape, Location where = Location::current()) const;

 private:
  static Array copy_of(const void* values, std::size_t count, const Spec& spec, Location where);
  void require_dtype(DType dtype, Location where) const;

  Spec spec_;
  std::shared_ptr<kernels::Buffer> buffer_;
};

using Arrays = std::vector<Array>;

namespace detail {

/// Whether T holds each value of From exactly.
template <class From, class T>
inline constexpr bool widens = std::is_same_v<From, T> || std::is_same_v<From, bool> ||
                               std::is_same_v<T, double> ||
                               (std::is_same_v<From, std::int32_t> && std::is_same_v<T, std::int64_t>);

[[noreturn]] void refuse_narrowing(DType held, std::string_view asked);

/// The elements as T, which must hold them exactly: what Tensor::to_vector returns.
template <class T>
std::vector<T> elements_as(const Array& array) {
  constexpr bool wide = std::is_same_v<T, std::int64_t>;
  return with_type(array.dtype(), [&](auto type) -> std::vector<T> {
    if constexpr (widens<decltype(type), T>) {
      const auto values = array.values<decltype(type)>(Location{});
      return std::vector<T>(values.begin(), values.end());
    } else {
      refuse_narrowing(array.dtype(), wide ? "i64" : name_of(dtype_of<std::conditional_t<wide, bool, T>>));
    }
  });
}

}  // namespace detail

}  // namespace sluice
