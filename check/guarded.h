#pragma once

#include <cstddef>

namespace sluice::detail {

/// Memory beside a page that nobody may touch: reading or writing one byte too far ends the process. Or, to
/// find the one of several that is left, in the middle of memory where that goes unnoticed.
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
