#include "support/small_stack.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <stdexcept>

namespace sluice::test {

namespace {

constexpr std::size_t stack_bytes = std::size_t{1} << 20;
constexpr std::byte paint{0xA5};

/// Painted memory for a stack.
class Stack {
 public:
  Stack()
      : begin_(static_cast<std::byte*>(
            mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    if (begin_ == MAP_FAILED) throw std::runtime_error("no memory for a stack");
    std::fill_n(begin_, stack_bytes, paint);
  }
  ~Stack() { munmap(begin_, stack_bytes); }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  std::byte* begin() const { return begin_; }
  const std::byte* deepest() const {
    return std::find_if(begin_, begin_ + stack_bytes, [](std::byte b) { return b != paint; });
  }

 private:
  std::byte* begin_;
};

/// What the thread is to do, and what became of it.
struct Call {
  const std::function<void()>* work;
  std::size_t left;  // of the stack, before a page that cannot be touched; 0: all there is
  const std::byte* top = nullptr;
  std::exception_ptr failure;
};

void* start(void* argument) {
  auto& call = *static_cast<Call*>(argument);
  call.top = static_cast<const std::byte*>(__builtin_frame_address(0));
  if (call.left != 0) {
    const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
    const std::uintptr_t end = (reinterpret_cast<std::uintptr_t>(call.top) - call.left) / page * page;
    if (mprotect(reinterpret_cast<void*>(end - page), page, PROT_NONE) != 0) return argument;
  }
  try {
    (*call.work)();
  } catch (...) {
    call.failure = std::current_exception();
  }
  return nullptr;
}

void run(const Stack& stack, Call& call) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, stack.begin(), stack_bytes);
  pthread_t thread{};
  void* failed = nullptr;
  const bool started = pthread_create(&thread, &attributes, start, &call) == 0;
  pthread_attr_destroy(&attributes);
  if (started) pthread_join(thread, &failed);
  if (!started || failed != nullptr) throw std::runtime_error("no thread with a stack of its own");
  if (call.failure) std::rethrow_exception(call.failure);
}

void set_stack_of_threads(std::size_t bytes) {
  pthread_attr_t attributes;
  pthread_getattr_default_np(&attributes);
  if (pthread_attr_setstacksize(&attributes, bytes) != 0 || pthread_setattr_default_np(&attributes) != 0)
    throw std::runtime_error("threads cannot have stacks of this size");
  pthread_attr_destroy(&attributes);
}

}  // namespace

std::size_t stack_used_by(const std::function<void()>& work) {
  const Stack stack;
  Call call{&work, 0, nullptr, nullptr};
  run(stack, call);
  return static_cast<std::size_t>(call.top - stack.deepest());
}

void run_with_stack(std::size_t bytes, const std::function<void()>& work) {
  const Stack stack;
  Call call{&work, bytes, nullptr, nullptr};
  run(stack, call);
}

StacksOfThreads::StacksOfThreads(std::size_t bytes) {
  pthread_attr_t attributes;
  pthread_getattr_default_np(&attributes);
  pthread_attr_getstacksize(&attributes, &before_);
  pthread_attr_destroy(&attributes);
  set_stack_of_threads(bytes);
}

StacksOfThreads::~StacksOfThreads() { set_stack_of_threads(before_); }

}  // namespace sluice::test
