#pragma once
/// Owned raw memory that starts on a cache line, for tensors, arenas and packed operands. 64 bytes are one
/// cache line and one AVX-512 register, so a kernel's first load never straddles two lines.

#include <cstddef>

namespace sluice::kernels {

/// A block of bytes, aligned to `Buffer::alignment`, freed with the object. Movable, not copyable; a
/// moved-from buffer is empty. An empty buffer owns nothing and its data() is null.
class Buffer {
 public:
  static constexpr std::size_t alignment = 64;

  Buffer() noexcept = default;

  /// Uninitialised memory. Throws sluice::Error "[memory] ..." if there is not enough of it.
  explicit Buffer(std::size_t bytes);

  /// Memory filled with zeros. Throws as the constructor does.
  static Buffer zeroed(std::size_t bytes);

  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer();

  std::byte* data() noexcept { return data_; }
  const std::byte* data() const noexcept { return data_; }

  /// The number of bytes requested.
  std::size_t size() const noexcept { return size_; }

 private:
  std::byte* data_ = nullptr;
  void* block_ = nullptr;  // that data_ lies in
  std::size_t size_ = 0;
};

}  // namespace sluice::kernels
