#pragma once

#include <cstddef>

namespace sluice::detail {

/// Memory beside a page that nobody may touch: reading or writing one byte too far ends the process.
/// Guard::none places it where that goes unnoticed, so that one of several blocks at a time is guarded.
class Guarded {
 public:
  enum class Guard { before, behind, none };

  /// `bytes` of memory that begin right behind the guarded page, or end right before it.
  Guarded(std::size_t bytes, Guard guard);
  ~Guarded();
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  void* data() { return data_; }

 private:
  void* block_;
  std::size_t block_bytes_;
  std::byte* data_;
};

}  // namespace sluice::detail
