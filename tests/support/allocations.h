#pragma once

#include <cstddef>

/// How many times this program has called `operator new`, to show what allocates nothing.
std::size_t allocations();

/// Measures the largest block that is asked for while it lives. One at a time.
class MostAllocated {
 public:
  MostAllocated();
  std::size_t bytes() const;
};

/// Measures the most bytes that are allocated at one moment while it lives, beyond those that were before.
/// One at a time.
class PeakAllocated {
 public:
  PeakAllocated();
  std::size_t bytes() const;

 private:
  std::size_t before_;
};

/// Lets the n-th allocation from now on (counted from 0) fail, once, as long as it lives. One at a time.
class FailingAllocation {
 public:
  explicit FailingAllocation(long n);
  ~FailingAllocation();
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;
  bool reached() const;
};
