// Of its own, so that no compiler inlines one of a pair and then finds it mismatched.
#include "support/allocations.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> count = 0;
std::atomic<std::size_t> most = 0;
std::atomic<std::size_t> live = 0;     // bytes
std::atomic<std::size_t> peak = 0;     // of them
std::atomic<long> until_failure = -1;  // negative: none is to fail

/// Memory, or null when there is none or it is this allocation's turn to fail.
void* allocate(std::size_t size, std::size_t alignment = 0) noexcept {
  ++count;
  if (size > most) most = size;
  if (until_failure >= 0 && until_failure-- == 0) return nullptr;
  void* const memory = alignment == 0
                           ? std::malloc(size > 0 ? size : 1)
                           : std::aligned_alloc(alignment, (size + alignment) / alignment * alignment);
  if (memory == nullptr) return nullptr;
  const std::size_t now = live += malloc_usable_size(memory);
  std::size_t before = peak;
  while (now > before && !peak.compare_exchange_weak(before, now)) {
  }
  return memory;
}

void release(void* memory) noexcept {
  if (memory == nullptr) return;
  live -= malloc_usable_size(memory);
  std::free(memory);
}

void* or_throw(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

std::size_t allocations() { return count; }

MostAllocated::MostAllocated() { most = 0; }
std::size_t MostAllocated::bytes() const { return most; }

PeakAllocated::PeakAllocated() : before_(live) { peak = before_; }
std::size_t PeakAllocated::bytes() const { return peak - before_; }

FailingAllocation::FailingAllocation(long n) { until_failure = n; }
FailingAllocation::~FailingAllocation() { until_failure = -1; }
bool FailingAllocation::reached() const { return until_failure < 0; }

void* operator new(std::size_t size) { return or_throw(allocate(size)); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return or_throw(allocate(size, static_cast<std::size_t>(alignment)));
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }
