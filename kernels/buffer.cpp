#include <sluice/kernels/buffer.h>

#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include <sluice/kernels/memory_limit.h>

namespace sluice::kernels {

namespace {

/// Blocks of this size and more are aligned here and not by the system. glibc wants more free memory for an
/// aligned block than the block takes, so the place that one leaves is too small for the next of its size,
/// and a process grows with every value that it computes and frees. Smaller ones, which take no more than the
/// node that they belong to, have their exact size, so that sanitizers see what is written beyond them.
constexpr std::size_t least_aligned_here = 1024;

}  // namespace

Buffer::Buffer(std::size_t bytes) : size_(bytes) {
  if (bytes == 0) return;
  require_memory(bytes, "a block of memory");
  try {
    if (bytes < least_aligned_here) {
      block_ = ::operator new (bytes, std::align_val_t{alignment});
      data_ = static_cast<std::byte*>(block_);
      return;
    }
    std::size_t space = bytes + alignment - 1;
    block_ = ::operator new(space);
    void* start = block_;
    data_ = static_cast<std::byte*>(std::align(alignment, bytes, start, space));
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
    : data_(std::exchange(other.data_, nullptr)),
      block_(std::exchange(other.block_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  Buffer taken(std::move(other));
  std::swap(data_, taken.data_);
  std::swap(block_, taken.block_);
  std::swap(size_, taken.size_);
  return *this;
}

Buffer::~Buffer() {
  if (block_ == nullptr) return;
  if (size_ < least_aligned_here)
    ::operator delete (block_, std::align_val_t{alignment});
  else
    ::operator delete(block_);
}

}  // namespace sluice::kernels
