#include "support/allocations.h"
#include "support/catch.h"
#include "support/sanitized.h"
#include "support/small_stack.h"
#include "support/steps.h"

#include <sluice/kernels/threads.h>

using namespace sluice;
using test::sanitized;
using test::Step;

namespace {

/// What a run may use of the stack.
constexpr std::size_t most = std::size_t{16} << 10;

}  // namespace

TEST_CASE("the deepest place of a stack is found") {
  if (sanitized) return;  // frames lie elsewhere
  const auto use = [] {
    volatile char used[std::size_t{40} << 10];
    used[0] = 1;
    static_cast<void>(used[0]);
  };
  const std::size_t bytes = test::stack_used_by(use);
  CHECK(bytes > std::size_t{40} << 10);
  CHECK(bytes < std::size_t{44} << 10);
}

TEST_CASE("a run needs at most 16 KiB of the stack, and does not allocate") {
  for (const int threads : {1, 2}) {
    kernels::set_threads(threads);
    for (const Step& step : test::all_steps()) {
      INFO(step.name << ", threads: " << threads);
      step.program->run();  // threads start, functions of shared libraries are looked up
      const std::size_t before = allocations();
      step.program->run();
      CHECK(allocations() == before);
      const std::size_t used = test::stack_used_by([&] { step.program->run(); });
      if (!sanitized) CHECK(used <= most);
    }
  }
  kernels::set_threads(0);
}

TEST_CASE("programs run on threads with little stack, the pool's among them", "[threads]") {
  if (sanitized) return;  // it makes frames several times as large
  {
    const test::StacksOfThreads small(std::size_t{40} << 10);  // which have more in them than a run
    kernels::set_threads(3);
    for (const Step& step : test::all_steps()) {
      step.program->run();
      const std::string expected = step.variables.empty() ? step.bits() : "";
      test::run_with_stack(most, [&] { step.program->run(); });
      if (!expected.empty()) CHECK(step.bits() == expected);
    }
  }
  kernels::set_threads(0);
}
