// The interpreter frees each value after its last use, and what it frees is there for the next one.

#include "support/allocations.h"
#include "support/catch.h"
#include "support/sanitized.h"

#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/ops.h>

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>

using namespace sluice;

namespace {

constexpr Index length = Index{1} << 18;
constexpr std::size_t value_bytes = length * sizeof(float);  // a MiB

/// How many values of a MiB are there at one moment while the tensors are evaluated, beside what was before.
std::size_t most_values(const Tensors& tensors) {
  const PeakAllocated peak;
  evaluate(tensors);
  return peak.bytes() / value_bytes;  // what is small is no value
}

Tensor chain(Tensor x, int ops) {
  for (int i = 0; i < ops; ++i) x = tanh(x);
  return x;
}

/// Bytes of this process that are in memory.
std::size_t resident_bytes() {
  std::size_t all = 0;
  std::size_t resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

/// x, and a look at how much memory the process has meanwhile.
struct Look final : Op {
  explicit Look(std::size_t* most) : most(most) {}
  std::string_view name() const override { return "look"; }
  void members(Attributes& a) const override { a("most", most); }
  Specs infer(std::span<const Spec> inputs) const override { return {inputs[0]}; }
  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    std::memcpy(outputs[0].data, inputs[0].data, inputs[0].spec.bytes());
    *most = std::max(*most, resident_bytes());
  }
  std::size_t* most;
};

}  // namespace

TEST_CASE("the interpreter has no more values at one moment than are still needed") {
  const Tensor x = full({length}, 0.5);
  // One that is read and one that is written; the constant is copied first.
  CHECK(most_values({chain(x, 100)}) == 2);
  CHECK(most_values({sum(chain(x, 100))}) == 2);
  // Another that waits for the end of a branch.
  const Tensor fork = tanh(x);
  CHECK(most_values({chain(fork, 50) + fork}) == 3);
  // What is asked for stays.
  CHECK(most_values({chain(x, 100), chain(x, 10), chain(x, 20)}) == 4);
  // The way back reads the values of 20 steps, in reverse.
  const std::size_t values = most_values({grad(sum(chain(x, 20)), x)});
  CHECK(values >= 20);
  CHECK(values <= 26);
}

TEST_CASE("a graph is interpreted in as little memory, run after run") {
  const Interpreter interpreter(
      trace([](const Tensors& in) { return Tensors{chain(in[0], 100)}; }, {Spec{DType::float32, {length}}}));
  const Array x = full({length}, 0.5).value();
  for (int i = 0; i < 3; ++i) {
    const PeakAllocated peak;
    interpreter.run({x});
    CHECK(peak.bytes() / value_bytes == 2);
  }
}

TEST_CASE("the process does not grow with the number of values that are freed") {
  if (test::sanitized) return;  // they keep what is freed
  struct Size {
    Index elements;
    int ops;
  };
  for (const Size& size : {Size{500, 4000}, Size{4'000, 2000}, Size{300'000, 100}, Size{4'000'000, 50}}) {
    const std::size_t bytes = static_cast<std::size_t>(size.elements) * sizeof(float);
    std::size_t most = 0;
    Tensor y = full({size.elements}, 0.5);
    for (int i = 0; i < size.ops; ++i) y = make(std::make_shared<Look>(&most), {-y});
    const std::size_t before = resident_bytes();
    evaluate(sum(y));
    CAPTURE(bytes, before, most);
    // The interpreter has a list of all nodes.
    CHECK(most < before + 8 * bytes + static_cast<std::size_t>(size.ops) * 2000);
  }
}
