#pragma once

#include <sluice/kernels/threads.h>

namespace sluice::detail {

/// Restores the number of threads when it goes out of scope.
class ThreadsRestored {
 public:
  ThreadsRestored() : count_(kernels::threads()) {}
  ~ThreadsRestored() { kernels::set_threads(count_); }
  ThreadsRestored(const ThreadsRestored&) = delete;
  ThreadsRestored& operator=(const ThreadsRestored&) = delete;

 private:
  int count_;
};

}  // namespace sluice::detail
