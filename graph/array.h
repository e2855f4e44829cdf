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

 private:
  static Array copy_of(const void* values, std::size_t count, const Spec& spec, Location where);
  void require_dtype(DType dtype, Location where) const;

  Spec spec_;
  std::shared_ptr<kernels::Buffer> buffer_;
};

using Arrays = std::vector<Array>;

}  // namespace sluice
