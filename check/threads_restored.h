#pragma once

#include <sluice/kernels/threads.h>

namespace sluice::detail {

/// Restores the number of threads when it goes out of scope. Throws Error inside a parallel loop, where they
/// cannot change.
class ThreadsRestored {
 public:
  ThreadsRestored() : count_(kernels::threads()) { kernels::set_threads(count_); }
  ~ThreadsRestored() { kernels::set_threads(count_); }
  ThreadsRestored(const ThreadsRestored&) = delete;
  ThreadsRestored& operator=(const ThreadsRestored&) = delete;

 private:
  int count_;
};

}  // namespace sluice::detail
