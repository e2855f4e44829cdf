#pragma once

#include <sluice/graph/shape.h>
#include <sluice/kernels/buffer.h>

#include <memory>
#include <span>
#include <vector>

namespace sluice {

/// A value in memory: a Spec and the shared buffer that holds it. Copies share the buffer; it is written only
/// by whoever made it, before anybody else sees it.
class Array {
 public:
  Array() = default;
  explicit Array(Spec spec);  ///< uninitialised memory

  /// An Array of T's with these values; throws ShapeError when their number is not shape.size().
  template <class T>
  static Array of(std::span<const T> values, const Shape& shape) {
    return copy_of(values.data(), values.size(), {dtype_of<T>, shape});
  }

  bool defined() const { return buffer_ != nullptr; }
  const Spec& spec() const { return spec_; }
  const Shape& shape() const { return spec_.shape; }
  DType dtype() const { return spec_.dtype; }
  std::size_t bytes() const { return spec_.bytes(); }

  void* data() { return buffer_->data(); }
  const void* data() const { return buffer_->data(); }

  /// The elements as T's; throws ShapeError when the dtype is another.
  template <class T>
  std::span<const T> values() const {
    require_dtype(dtype_of<T>);
    return {static_cast<const T*>(data()), static_cast<std::size_t>(spec_.shape.size())};
  }
  template <class T>
  std::span<T> values() {
    require_dtype(dtype_of<T>);
    return {static_cast<T*>(data()), static_cast<std::size_t>(spec_.shape.size())};
  }
  double element(Index i) const;  ///< the i-th element in memory order, whatever its dtype

  Array clone() const;  ///< the same values in a buffer of its own

 private:
  static Array copy_of(const void* values, std::size_t count, const Spec& spec);
  void require_dtype(DType dtype) const;

  Spec spec_;
  std::shared_ptr<kernels::Buffer> buffer_;
};

using Arrays = std::vector<Array>;

}  // namespace sluice
