// A caller keeps the addresses of a program's inputs and outputs for as long as the program lives.

#include <sluice/kernels/threads.h>
#include <sluice/sluice.h>

#include <cstring>
#include <vector>

#include "support/catch.h"
#include "support/steps.h"

using namespace sluice;

namespace {

std::vector<const void*> addresses_of(Program& program) {
  std::vector<const void*> all;
  for (std::size_t i = 0; i < program.input_count(); ++i) all.push_back(program.input(i));
  for (std::size_t i = 0; i < program.output_count(); ++i) all.push_back(program.output(i));
  return all;
}

/// A loop whose rows threads divide, a product, an output that is an argument, and a Variable that counts.
struct Counting {
  Variable count{zeros({})};
  nn::GRU rnn{1, 6, 16, random::key(1)};

  Tensors operator()(const Tensors& x) const {
    count.assign(count + 1);
    return {rnn(x[0]).output(), matmul(x[1], x[1]), x[1], count};
  }
};

}  // namespace

TEST_CASE("inputs and outputs of a program stay where they are when the number of threads changes",
          "[threads]") {
  kernels::set_threads(1);
  const Counting function;
  const Tensor x = evaluate(random::normal(random::key(2), {5, 40, 6}));
  const Tensor y = evaluate(random::normal(random::key(3), {70, 70}));
  Program program(trace(function, {x.spec(), y.spec()}));
  const std::vector<const void*> before = addresses_of(program);
  // Written once: what an input holds stays there, too.
  std::memcpy(program.input(0), x.value().data(), x.value().bytes());
  std::memcpy(program.input(1), y.value().data(), y.value().bytes());
  const void* const state = function.count.slot()->value.data();

  const Tensors expected = evaluate({function.rnn(x).output(), matmul(y, y), y});
  float runs = 0;
  for (const int threads : {1, 2, 3, 8, 1, 0}) {
    INFO(threads << " threads");
    kernels::set_threads(threads);
    program.run();
    CHECK(addresses_of(program) == before);
    CHECK(function.count.slot()->value.data() == state);
    // Read at the addresses of the beginning.
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const auto* values = static_cast<const float*>(before[2 + i]);
      for (Index k = 0; k < expected[i].size(); ++k)
        REQUIRE(values[k] == Approx(expected[i].value().element(k)).margin(1e-4));
    }
    CHECK(*static_cast<const float*>(before[5]) == ++runs);
  }
  kernels::set_threads(0);
}

TEST_CASE("a caller that keeps addresses sees the results of every run, for any number of threads",
          "[threads]") {
  kernels::set_threads(1);
  for (const test::Step& step : test::all_steps()) {
    if (!step.variables.empty()) continue;  // its results are others at every run
    INFO(step.name);
    Program& program = *step.program;
    const std::vector<const void*> before = addresses_of(program);
    program.run();
    const std::string expected = step.bits();
    kernels::set_threads(3);
    program.run();
    CHECK(addresses_of(program) == before);
    const bool same = step.bits() == expected;
    CHECK(same);
    kernels::set_threads(1);
  }
  kernels::set_threads(0);
}
