#include <sluice/kernels/buffer.h>

#include <cstring>
#include <new>
#include <utility>

#include <sluice/kernels/memory_limit.h>

namespace sluice::kernels {

Buffer::Buffer(std::size_t bytes) : size_(bytes) {
  if (bytes == 0) return;
  require_memory(bytes, "a block of memory");
  try {
    data_ = static_cast<std::byte*>(::operator new (bytes, std::align_val_t{alignment}));
  } catch (const std::bad_alloc&) {
    refuse_allocation(bytes, "a block of memory");
  }
}

Buffer Buffer::zeroed(std::size_t bytes) {
  Buffer buffer(bytes);
  if (bytes != 0) std::memset(buffer.data_, 0, bytes);
  return buffer;
}

Buffer::Buffer(Buffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  Buffer taken(std::move(other));
  std::swap(data_, taken.data_);
  std::swap(size_, taken.size_);
  return *this;
}

Buffer::~Buffer() {
  if (data_ != nullptr) ::operator delete (data_, std::align_val_t{alignment});
}

}  // namespace sluice::kernels
