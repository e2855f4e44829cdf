#pragma once

#include <cstddef>
#include <functional>

namespace sluice::test {

/// How many bytes of the stack `work` uses. It runs on a thread of its own whose stack has been painted
/// before; the deepest place that has changed tells. What `work` throws is thrown here.
std::size_t stack_used_by(const std::function<void()>& work);

/// Runs `work` where only `bytes` of the stack are left (rounded up to a page), and then comes a page that
/// cannot be touched: the process dies where it needs more.
void run_with_stack(std::size_t bytes, const std::function<void()>& work);

/// Gives threads started from now on, but those of this page, stacks of so many bytes, as long as it lives.
class StacksOfThreads {
 public:
  explicit StacksOfThreads(std::size_t bytes);
  ~StacksOfThreads();
  StacksOfThreads(const StacksOfThreads&) = delete;
  StacksOfThreads& operator=(const StacksOfThreads&) = delete;

 private:
  std::size_t before_ = 0;
};

}  // namespace sluice::test
